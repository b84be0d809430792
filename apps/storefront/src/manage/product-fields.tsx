// The fields of a product that staff edit, new or known.
import type { NewProduct, StaffProduct } from '@shop/contracts/products';
import { useQuery } from '@tanstack/react-query';
import { categories } from '../api/queries.js';
import { CheckField, SelectField, TextArea, TextField } from '../ui/field.js';
import { useFieldErrors } from '../ui/form.js';
import { centsOf, amountOf } from './money.js';
import styles from './manage.module.css';
import { useWords } from './words.js';

export function ProductFields({ product, error }: { product?: StaffProduct; error: unknown }) {
  const t = useWords();
  const { data } = useQuery(categories);
  const wrong = useFieldErrors(error);
  return (
    <>
      <TextField label={t.name} name="name" required defaultValue={product?.name} error={wrong('name')} />
      <TextArea
        label={t.description}
        name="description"
        defaultValue={product?.description}
        error={wrong('description')}
      />
      <SelectField
        // The default can be selected only once the options exist.
        key={data ? 'known' : 'unknown'}
        label={t.category}
        name="category"
        defaultValue={product?.category.slug}
        error={wrong('category')}
      >
        {data?.items.map(({ slug, name }) => (
          <option key={slug} value={slug}>
            {name}
          </option>
        ))}
      </SelectField>
      <div className={styles.pair}>
        <TextField
          label={t.price}
          name="price"
          inputMode="decimal"
          autoComplete="off"
          hint={t.priceHint}
          defaultValue={product && amountOf(product.priceCents)}
          error={wrong('priceCents')}
        />
        <TextField
          label={product ? t.stockChange : t.stock}
          name="stock"
          inputMode="numeric"
          autoComplete="off"
          hint={product && t.stockHint(product.stock)}
          defaultValue={product ? '' : '0'}
          error={wrong(product ? 'stockDelta' : 'stock')}
        />
      </div>
      <CheckField label={t.featured} name="featured" defaultChecked={product?.featured} />
      {product && <CheckField label={t.hide} name="hidden" defaultChecked={product.hidden} />}
    </>
  );
}

/** Every field that staff enter; `stock` is apart, because it is set once and then changed. */
type Entered = Omit<NewProduct, 'stock'>;

export function enteredProduct({
  name = '',
  description = '',
  category = '',
  price = '',
  featured,
}: Record<string, string>): { [Field in keyof Required<Entered>]: Entered[Field] } {
  return { name, description, category, priceCents: centsOf(price), featured: featured !== undefined };
}
