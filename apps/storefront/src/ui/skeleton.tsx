// Placeholders in the size of the content, so that nothing moves when it arrives.
import { useMessages } from '../i18n/i18n.js';
import styles from './skeleton.module.css';

type Shape = 'line' | 'short' | 'half' | 'title' | 'square' | 'row';

export function Bone({ shape = 'line' }: { shape?: Shape }) {
  const classes = [styles.bone, ['short', 'half'].includes(shape) && styles.line, styles[shape]].filter(Boolean);
  return <span className={classes.join(' ')} aria-hidden="true" />;
}

export function Rows({ count = 3 }: { count?: number }) {
  const t = useMessages();
  return (
    <div>
      <span className="visually-hidden">{t.common.loading}</span>
      {Array.from({ length: count }, (_, i) => (
        <Bone key={i} shape="row" />
      ))}
    </div>
  );
}
