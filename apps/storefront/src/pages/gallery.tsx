// The images of a product: one large, the others to choose from, and any of them as large as it is.
import { PRODUCT_IMAGE_SIZES } from '@shop/contracts/pages';
import type { ProductImage } from '@shop/contracts/products';
import { lazy, Suspense, useState } from 'react';
import { useMessages } from '../i18n/i18n.js';
import { ZoomIcon } from '../ui/icons.js';
import { ResponsiveImage } from '../ui/responsive-image.js';
import styles from './gallery.module.css';

const Zoom = lazy(() => import('./zoom.js'));

interface GalleryProps {
  images: ProductImage[];
  name: string;
}

export function Gallery({ images, name }: GalleryProps) {
  const { product: t } = useMessages();
  const [index, setIndex] = useState(0);
  const [zoomed, setZoomed] = useState(false);
  const image = images[Math.min(index, images.length - 1)];
  if (!image)
    return (
      <div className={styles.large} role="img" aria-label={t.noImage}>
        <ResponsiveImage image={null} sizes="1px" />
      </div>
    );
  return (
    <div className={styles.gallery}>
      <button type="button" className={styles.large} onClick={() => setZoomed(true)} aria-label={`${t.zoom}: ${name}`}>
        <ResponsiveImage key={image.id} image={image} sizes={PRODUCT_IMAGE_SIZES} first />
        <span className={styles.zoom}>
          <ZoomIcon />
        </span>
      </button>
      {images.length > 1 && (
        <ul className={styles.thumbs} aria-label={t.images}>
          {images.map((other, i) => (
            <li key={other.id}>
              <button
                type="button"
                className={styles.thumb}
                aria-label={t.image(i + 1, images.length)}
                aria-pressed={other === image}
                onClick={() => setIndex(i)}
              >
                <ResponsiveImage image={other} sizes="5rem" alt="" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {zoomed && (
        <Suspense>
          <Zoom images={images} index={index} show={setIndex} close={() => setZoomed(false)} />
        </Suspense>
      )}
    </div>
  );
}
