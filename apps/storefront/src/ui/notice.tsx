// Errors, hints, and empty states.
import type { ReactNode } from 'react';
import { useExplain, useMessages } from '../i18n/i18n.js';
import { Button } from './button.js';
import { Sprig } from './icons.js';
import styles from './notice.module.css';

interface NoticeProps {
  tone?: 'info' | 'warn' | 'bad';
  children: ReactNode;
}

/** Announced by screen readers when it appears. */
export function Notice({ tone = 'info', children }: NoticeProps) {
  const classes = [styles.notice, tone !== 'info' && styles[tone]].filter(Boolean).join(' ');
  return (
    <div className={classes} role={tone === 'info' ? 'status' : 'alert'}>
      {children}
    </div>
  );
}

export function ErrorNotice({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useMessages();
  const explain = useExplain();
  if (!error) return null;
  return (
    <Notice tone="bad">
      <p>{explain(error)}</p>
      {retry && (
        <Button look="secondary" onClick={retry}>
          {t.common.tryAgain}
        </Button>
      )}
    </Notice>
  );
}

interface EmptyProps {
  title: string;
  hint?: string;
  /** If the page as a whole is empty. */
  heading?: 'h1' | 'h2';
  children?: ReactNode;
}

export function Empty({ title, hint, heading: Heading = 'h1', children }: EmptyProps) {
  return (
    <div className={styles.empty}>
      <Sprig className={styles.art} />
      <Heading tabIndex={Heading === 'h1' ? -1 : undefined}>{title}</Heading>
      {hint && <p>{hint}</p>}
      {children}
    </div>
  );
}
