import { shopName } from '@shop/contracts/pages';
import { useEffect } from 'react';

/** Where one reads on when what had the focus is gone. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
}

/** The title of the window; nothing changes until it is known. */
export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    if (title !== undefined) document.title = title ? `${title} – ${shopName}` : shopName;
  }, [title]);
}
