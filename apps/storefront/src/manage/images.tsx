// The images of a product: dropped or chosen, uploaded with a bar, processed before one's eyes, put in order, removed.
import type { Image, ImageList } from '@shop/contracts/images';
import { productPath } from '@shop/contracts/pages';
import type { Product } from '@shop/contracts/products';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { get, send } from '../api/client.js';
import { Button } from '../ui/button.js';
import { CheckIcon } from '../ui/icons.js';
import { ErrorNotice } from '../ui/notice.js';
import { Rows } from '../ui/skeleton.js';
import { DropZone } from './drop-zone.js';
import styles from './images.module.css';
import card from './manage.module.css';
import { useWords } from './words.js';

const EVERY_MS = 500;

function isUnderWay({ status }: Image): boolean {
  return status === 'waiting' || status === 'working';
}

export function Images({ product }: { product: Product }) {
  const t = useWords();
  const client = useQueryClient();
  const queryKey = ['manage', 'images', product.id];
  const path = `${productPath(product.id)}/images`;
  const { data, error } = useQuery({
    queryKey,
    queryFn: ({ signal }) => get<ImageList>(path, signal),
    refetchInterval: ({ state }) => (state.data?.items.some(isUnderWay) ? EVERY_MS : false),
  });
  const refresh = () => client.invalidateQueries({ queryKey });
  const order = useMutation({
    mutationFn: (first: string) => send<ImageList>('PUT', path, { body: { ids: [first] } }),
    onSuccess: (list) => client.setQueryData(queryKey, list),
  });
  const remove = useMutation({
    mutationFn: (id: string) => send<void>('DELETE', `/api/images/${id}`),
    onSuccess: refresh,
  });
  return (
    <section className={card.card}>
      <h2>{t.images}</h2>
      <DropZone path={path} uploaded={() => void refresh()} />
      <ErrorNotice error={error ?? order.error ?? remove.error} />
      {data ? (
        <ul className={styles.list}>
          {data.items.map((image, i) => (
            <li key={image.id} className={styles.image}>
              <Shown image={image} />
              <div className={styles.what}>
                <Progress image={image} />
                <div className={card.buttons}>
                  {i > 0 && (
                    <Button look="quiet" onClick={() => order.mutate(image.id)}>
                      {t.first}
                    </Button>
                  )}
                  <Button look="quiet" onClick={() => confirm(t.removeForGood) && remove.mutate(image.id)}>
                    {t.removeImage}
                  </Button>
                </div>
              </div>
            </li>
          ))}
        </ul>
      ) : (
        !error && <Rows count={1} />
      )}
      {data?.items.length === 0 && <p>{t.noImages}</p>}
    </section>
  );
}

function Shown({ image }: { image: Image }) {
  const file = image.variants.find(({ name, type }) => name === 'thumb' && type === 'image/jpeg');
  const src = file?.url ?? image.placeholder;
  return <span className={styles.thumb}>{src && <img src={src} alt="" />}</span>;
}

/** What has been done of an image, as it is done. */
function Progress({ image }: { image: Image }) {
  const t = useWords();
  return (
    <div role="status">
      <strong data-status={image.status}>{t.status[image.status]}</strong>
      {image.status === 'failed' && <p className={card.bad}>{image.reason}</p>}
      {image.status !== 'ready' && (
        <ul className={styles.steps}>
          {image.steps.map(({ name, doneAt }) => (
            <li key={name} className={styles.step} data-done={doneAt !== null}>
              <span className={styles.tick}>{doneAt !== null && <CheckIcon />}</span>
              {t.steps[name]}
              <span className="visually-hidden">: {doneAt === null ? t.stepOpen : t.stepDone}</span>
            </li>
          ))}
        </ul>
      )}
      {image.status === 'ready' && <p className={card.soft}>{image.tags.slice(0, 6).join(', ')}</p>}
    </div>
  );
}
