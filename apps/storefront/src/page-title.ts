import { shopName } from '@shop/contracts/pages';
import { useEffect } from 'react';

/** Moves the focus to the heading when the focused element is removed. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
}

/** Sets the window title; undefined leaves it unchanged. */
export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    if (title !== undefined) document.title = title ? `${title} – ${shopName}` : shopName;
  }, [title]);
}
