// A form that passes on its values and focuses the first invalid field.
import { useEffect, useRef, type ComponentProps, type ReactNode } from 'react';
import { ApiError } from '../api/client.js';
import { useMessages } from '../i18n/i18n.js';

interface FormProps extends Omit<ComponentProps<'form'>, 'onSubmit'> {
  onData: (data: Record<string, string>) => void;
  error?: unknown;
  children: ReactNode;
}

/** Our own messages instead of the browser's. */
export function Form({ onData, error, children, ...form }: FormProps) {
  const ref = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error) ref.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [error]);
  return (
    <form
      ref={ref}
      noValidate
      {...form}
      onSubmit={(event) => {
        event.preventDefault();
        const entries = [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)]);
        onData(Object.fromEntries(entries) as Record<string, string>);
      }}
    >
      {children}
    </form>
  );
}

/** The message for an invalid field; the API's messages are meant for programs. */
export function useFieldErrors(error: unknown): (field: string) => string | undefined {
  const { errors } = useMessages();
  return (field) => {
    const message = error instanceof ApiError ? error.field(field) : undefined;
    if (message === undefined) return undefined;
    const name = field.split('.').at(-1)!;
    if (name === 'email') return errors.fields.email;
    if (name === 'password' || name === 'next') return errors.fields.password;
    if (/Cents$|^stock/.test(name)) return errors.fields.number;
    return message.startsWith('Too big') ? errors.fields.tooLong : errors.fields.required;
  };
}
