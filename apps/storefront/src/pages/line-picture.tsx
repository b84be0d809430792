// The picture of a product in a cart or an order, which name only the product.
import { useQuery } from '@tanstack/react-query';
import { product } from '../api/queries.js';
import { Picture } from '../ui/picture.js';
import styles from './line-picture.module.css';

export function LinePicture({ slug }: { slug: string }) {
  const { data } = useQuery({ ...product(slug), staleTime: Infinity });
  return (
    <span className={styles.picture}>
      <Picture image={data?.images[0]} sizes="5rem" alt="" />
    </span>
  );
}
