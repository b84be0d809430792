import type { StaffProduct } from '@shop/contracts/products';
import { useFormats } from '../i18n/i18n.js';
import { Button } from '../ui/button.js';
import { ErrorNotice, Notice } from '../ui/notice.js';
import styles from './manage.module.css';
import { useWords } from './words.js';

interface ConflictProps {
  mine: Pick<StaffProduct, 'name' | 'description' | 'priceCents' | 'featured' | 'hidden'> & { category: string };
  now: StaffProduct;
  busy: boolean;
  error: unknown;
  takeTheirs: () => void;
  saveMine: () => void;
}

export function Conflict({ mine, now, busy, error, takeTheirs, saveMine }: ConflictProps) {
  const t = useWords();
  const { price } = useFormats();
  const rows: [string, string, string][] = [
    [t.name, now.name, mine.name],
    [t.description, now.description, mine.description],
    [t.category, now.category.slug, mine.category],
    [t.price, price(now.priceCents), price(mine.priceCents)],
    [t.featured, now.featured ? '✓' : '–', mine.featured ? '✓' : '–'],
    [t.hidden, now.hidden ? '✓' : '–', mine.hidden ? '✓' : '–'],
  ];
  return (
    <>
      <Notice tone="warn">
        <p>{t.conflict}</p>
      </Notice>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t.field}</th>
            <th scope="col">{t.theirs}</th>
            <th scope="col">{t.mine}</th>
          </tr>
        </thead>
        <tbody>
          {rows
            .filter(([, theirs, own]) => theirs !== own)
            .map(([name, theirs, own]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{theirs}</td>
                <td>{own}</td>
              </tr>
            ))}
        </tbody>
      </table>
      <ErrorNotice error={error} />
      <div className={styles.buttons}>
        <Button disabled={busy} onClick={saveMine}>
          {t.saveMine}
        </Button>
        <Button look="secondary" onClick={takeTheirs}>
          {t.takeTheirs}
        </Button>
      </div>
    </>
  );
}
