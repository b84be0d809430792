import type { Product } from '@shop/contracts/products';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { send } from '../api/client.js';
import { usePageTitle } from '../page-title.js';
import { Button } from '../ui/button.js';
import { Form } from '../ui/form.js';
import { ErrorNotice } from '../ui/notice.js';
import { useSay } from '../ui/say.js';
import styles from './manage.module.css';
import { enteredProduct, ProductFields } from './product-fields.js';
import { useWords } from './words.js';

export function NewProductPage() {
  const t = useWords();
  const say = useSay();
  const client = useQueryClient();
  const navigate = useNavigate();
  usePageTitle(t.newProduct);
  const create = useMutation({
    mutationFn: (body: object) => send<Product>('POST', '/api/products', { body }),
    onSuccess: ({ id }) => {
      for (const key of [['products'], ['manage', 'products']]) void client.invalidateQueries({ queryKey: key });
      say(t.created);
      // There its images are added.
      void navigate({ to: '/manage/products/$product', params: { product: id } });
    },
  });
  return (
    <>
      <h1 tabIndex={-1}>{t.newProduct}</h1>
      <Form
        className={styles.form}
        error={create.error}
        onData={(data) => create.mutate({ ...enteredProduct(data), stock: Number(data['stock'] || NaN) })}
      >
        <ProductFields error={create.error} />
        <ErrorNotice error={create.error} />
        <div className={styles.buttons}>
          <Button type="submit" disabled={create.isPending}>
            {t.create}
          </Button>
        </div>
      </Form>
    </>
  );
}
