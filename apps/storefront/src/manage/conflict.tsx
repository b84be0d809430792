import type { ProductPatch, StaffProduct } from '@shop/contracts/products';
import { useFormats } from '../i18n/i18n.js';
import { Button } from '../ui/button.js';
import { ErrorNotice, Notice } from '../ui/notice.js';
import styles from './manage.module.css';
import { useWords } from './words.js';

type Editable = Omit<ProductPatch, 'stockDelta'>;
/** Every field is named, also those without a value. */
export type EditedFields = { [Field in keyof Required<Editable>]: Editable[Field] };

interface ConflictProps {
  mine: EditedFields;
  now: StaffProduct;
  busy: boolean;
  error: unknown;
  takeTheirs: () => void;
  saveMine: () => void;
}

type Shown = {
  [Field in keyof EditedFields]: [label: string, show: (value: NonNullable<EditedFields[Field]>) => string];
};

export function Conflict({ mine, now, busy, error, takeTheirs, saveMine }: ConflictProps) {
  const t = useWords();
  const { price } = useFormats();
  const fields: Shown = {
    name: [t.name, asIs],
    description: [t.description, asIs],
    category: [t.category, asIs],
    priceCents: [t.price, price],
    featured: [t.featured, mark],
    hidden: [t.hidden, mark],
  };
  const theirs: EditedFields = { ...now, category: now.category.slug };
  const rowOf = <Field extends keyof EditedFields>(field: Field) => {
    const [label, show] = fields[field];
    const [own, other] = [mine[field], theirs[field]].map((value) => (value == null ? '' : show(value)));
    return { label, own, other };
  };
  const rows = (Object.keys(fields) as (keyof EditedFields)[]).map(rowOf);
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
            .filter(({ own, other }) => own !== other)
            .map(({ label, own, other }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td>{other}</td>
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

function asIs(text: string): string {
  return text;
}

function mark(isSet: boolean): string {
  return isSet ? '✓' : '–';
}
