// An image as large as the window.
import { Dialog } from '@base-ui/react/dialog';
import type { ProductImage } from '@shop/contracts/products';
import { useMessages } from '../i18n/i18n.js';
import { CloseIcon, NextIcon, PreviousIcon } from '../ui/icons.js';
import styles from './zoom.module.css';

interface ZoomProps {
  images: ProductImage[];
  index: number;
  show: (index: number) => void;
  close: () => void;
}

export default function Zoom({ images, index, show, close }: ZoomProps) {
  const t = useMessages();
  const image = images[index]!;
  const turn = (by: number) => show((index + by + images.length) % images.length);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.shade} />
        <Dialog.Popup
          className={styles.popup}
          // It is as large as the window: what is beside the image is in it.
          onClick={({ target, currentTarget }) => target === currentTarget && close()}
          onKeyDown={({ key }) => {
            if (key === 'ArrowRight') turn(1);
            if (key === 'ArrowLeft') turn(-1);
          }}
        >
          <Dialog.Title className="visually-hidden" aria-live="polite">
            {t.product.image(index + 1, images.length)}
          </Dialog.Title>
          <Largest image={image} />
          <Dialog.Close className={`${styles.button} ${styles.close}`} aria-label={t.common.close}>
            <CloseIcon />
          </Dialog.Close>
          {images.length > 1 && (
            <>
              <button
                type="button"
                className={`${styles.button} ${styles.previous}`}
                aria-label={t.product.previous}
                onClick={() => turn(-1)}
              >
                <PreviousIcon />
              </button>
              <button
                type="button"
                className={`${styles.button} ${styles.next}`}
                aria-label={t.product.next}
                onClick={() => turn(1)}
              >
                <NextIcon />
              </button>
            </>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Largest({ image }: { image: ProductImage }) {
  const largest = (type: string) =>
    image.variants.filter((variant) => variant.type === type).toSorted((a, b) => b.width - a.width)[0];
  const webp = largest('image/webp');
  const jpeg = largest('image/jpeg');
  return (
    <picture>
      {webp && <source type="image/webp" srcSet={webp.url} />}
      <img className={styles.image} src={jpeg?.url} width={jpeg?.width} height={jpeg?.height} alt={image.alt} />
    </picture>
  );
}
