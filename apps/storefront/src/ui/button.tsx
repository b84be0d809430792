import { createLink } from '@tanstack/react-router';
import type { ComponentProps } from 'react';
import styles from './button.module.css';

type Look = { look?: 'primary' | 'secondary' | 'quiet' | 'danger'; wide?: boolean };

function classOf({ look = 'primary', wide }: Look): string {
  return [styles.button, styles[look], wide && styles.wide].filter(Boolean).join(' ');
}

type ButtonProps = Look & Omit<ComponentProps<'button'>, 'className'>;

/** While disabled it ignores clicks but keeps the focus. */
export function Button({ look, wide, type = 'button', disabled, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type={disabled ? 'button' : type}
      aria-disabled={disabled || undefined}
      className={classOf({ look, wide })}
      onClick={disabled ? undefined : onClick}
      {...rest}
    />
  );
}

function Anchor({ look, wide, ...rest }: Look & Omit<ComponentProps<'a'>, 'className'>) {
  return <a {...rest} className={classOf({ look, wide })} />;
}

/** A link styled as a button. */
export const ButtonLink = createLink(Anchor);
