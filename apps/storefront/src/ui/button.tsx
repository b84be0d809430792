import { createLink } from '@tanstack/react-router';
import type { ComponentProps } from 'react';
import styles from './button.module.css';

type Look = { look?: 'primary' | 'secondary' | 'quiet' | 'danger'; wide?: boolean };

function classOf({ look = 'primary', wide }: Look): string {
  return [styles.button, styles[look], wide && styles.wide].filter(Boolean).join(' ');
}

export function Button({ look, wide, type = 'button', ...rest }: Look & Omit<ComponentProps<'button'>, 'className'>) {
  return <button type={type} className={classOf({ look, wide })} {...rest} />;
}

function Anchor({ look, wide, ...rest }: Look & Omit<ComponentProps<'a'>, 'className'>) {
  return <a {...rest} className={classOf({ look, wide })} />;
}

/** A link that looks like a button. */
export const ButtonLink = createLink(Anchor);
