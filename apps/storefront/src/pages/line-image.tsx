// The image of a product in a cart or an order, which name only the product.
import { useQuery } from '@tanstack/react-query';
import { product } from '../api/queries.js';
import { ResponsiveImage } from '../ui/responsive-image.js';
import styles from './line-image.module.css';

export function LineImage({ slug }: { slug: string }) {
  const { data } = useQuery({ ...product(slug), staleTime: Infinity });
  return (
    <span className={styles.image}>
      <ResponsiveImage image={data?.images[0]} sizes="5rem" alt="" />
    </span>
  );
}
