// Staff edit a product. When another person saved it meanwhile, both versions are shown for a decision.
import type { Product, StaffProduct } from '@shop/contracts/products';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { productPath } from '@shop/contracts/pages';
import { ApiError, get, send } from '../api/client.js';
import { useMessages } from '../i18n/i18n.js';
import { focusHeading, usePageTitle } from '../page-title.js';
import { Button } from '../ui/button.js';
import { Form } from '../ui/form.js';
import { ErrorNotice } from '../ui/notice.js';
import { useSay } from '../ui/say.js';
import { Rows } from '../ui/skeleton.js';
import { Conflict, type EditedFields } from './conflict.js';
import styles from './manage.module.css';
import { Images } from './images.js';
import { enteredProduct, ProductFields } from './product-fields.js';
import { useWords } from './words.js';

const route = getRouteApi('/person/manage/products/$product');

export function EditProductPage() {
  const t = useWords();
  const { product: id } = route.useParams();
  const key = ['manage', 'product', id];
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => readNow(id, signal),
    // A form does not change while it is being edited.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    staleTime: 0,
    gcTime: 0,
  });
  usePageTitle(data?.name ?? t.edit);
  if (!data) return error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <Rows />;
  return (
    <>
      <div className={styles.head}>
        <h1 tabIndex={-1}>{data.name}</h1>
        {data.hidden ? (
          <span className={styles.mark}>{t.hidden}</span>
        ) : (
          <Link to="/products/$product" params={{ product: data.slug }}>
            {t.view}
          </Link>
        )}
      </div>
      <div className={styles.columns}>
        <section className={styles.card}>
          <h2>{t.edit}</h2>
          <EditForm key={data.version} product={data} queryKey={key} />
        </section>
        <Images product={data} />
      </div>
    </>
  );
}

/** The current product, hidden or not; this route is never cached. */
function readNow(id: string, signal?: AbortSignal): Promise<StaffProduct> {
  return get<StaffProduct>(`/api/staff/products/${encodeURIComponent(id)}`, signal);
}

function isOvertaken(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'stale_version';
}

type Entered = EditedFields & { hidden: boolean; stockDelta?: number };

function EditForm({ product, queryKey }: { product: StaffProduct; queryKey: string[] }) {
  const { common } = useMessages();
  const say = useSay();
  const client = useQueryClient();
  const [overtaken, setOvertaken] = useState<{ mine: Entered; now: StaffProduct }>();
  const save = useMutation({
    mutationFn: ({ body, version }: { body: Entered; version: number }) =>
      send<Product>('PATCH', productPath(product.id), { body, headers: { 'if-match': `"${version}"` } }),
    onSuccess: (saved, { body: { hidden } }) => {
      client.setQueryData<StaffProduct>(queryKey, { ...saved, hidden });
      for (const key of [['products'], ['manage', 'products']]) void client.invalidateQueries({ queryKey: key });
      void client.invalidateQueries({ queryKey: [productPath(saved.slug)] });
      say(common.saved);
      // The form is reset.
      focusHeading();
    },
    onError: async (error, { body: mine }) => {
      if (isOvertaken(error)) setOvertaken({ mine, now: await readNow(product.id) });
    },
  });
  const onData = (data: Record<string, string>) => {
    const stock = data['stock']?.trim();
    const hidden = data['hidden'] !== undefined;
    const body = { ...enteredProduct(data), hidden, ...(stock && { stockDelta: Number(stock) }) };
    save.mutate({ body, version: product.version });
  };
  if (overtaken)
    return (
      <Conflict
        {...overtaken}
        busy={save.isPending}
        error={isOvertaken(save.error) ? undefined : save.error}
        takeTheirs={() => client.setQueryData(queryKey, overtaken.now)}
        saveMine={() => save.mutate({ body: overtaken.mine, version: overtaken.now.version })}
      />
    );
  return (
    <Form className={styles.form} error={save.error} onData={onData}>
      <ProductFields product={product} error={save.error} />
      <ErrorNotice error={save.error} />
      <div className={styles.buttons}>
        <Button type="submit" disabled={save.isPending}>
          {common.save}
        </Button>
      </div>
    </Form>
  );
}
