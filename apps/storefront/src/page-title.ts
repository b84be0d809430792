import { shopName } from '@shop/contracts/pages';
import { useEffect } from 'react';

/** The title of the window; nothing changes until it is known. */
export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    if (title !== undefined) document.title = title ? `${title} – ${shopName}` : shopName;
  }, [title]);
}
