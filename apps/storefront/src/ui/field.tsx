// Labelled inputs with error messages.
import { useId, type ComponentProps, type ReactNode } from 'react';
import styles from './field.module.css';

interface Labelled {
  label: string;
  hint?: string;
  error?: string | undefined;
}

function Frame({ label, hint, error, id, children }: Labelled & { id: string; children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      {children}
      {hint && (
        <span id={`${id}-hint`} className={styles.hint}>
          {hint}
        </span>
      )}
      {error && (
        <span id={`${id}-error`} className={styles.error}>
          {error}
        </span>
      )}
    </div>
  );
}

function described(id: string, { hint, error }: Omit<Labelled, 'label'>) {
  const ids = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return { id, 'aria-invalid': error ? true : undefined, 'aria-describedby': ids || undefined } as const;
}

export function TextField({ label, hint, error, ...input }: Labelled & ComponentProps<'input'>) {
  const id = useId();
  return (
    <Frame {...{ label, hint, error, id }}>
      <input className={styles.input} {...described(id, { hint, error })} {...input} />
    </Frame>
  );
}

export function TextArea({ label, hint, error, ...input }: Labelled & ComponentProps<'textarea'>) {
  const id = useId();
  return (
    <Frame {...{ label, hint, error, id }}>
      <textarea className={styles.input} {...described(id, { hint, error })} {...input} />
    </Frame>
  );
}

export function SelectField({ label, hint, error, ...select }: Labelled & ComponentProps<'select'>) {
  const id = useId();
  return (
    <Frame {...{ label, hint, error, id }}>
      <select className={styles.input} {...described(id, { hint, error })} {...select} />
    </Frame>
  );
}

/** A checkbox, or a radio button with type="radio". */
export function CheckField({ label, ...input }: { label: ReactNode } & Omit<ComponentProps<'input'>, 'children'>) {
  return (
    <label className={styles.check}>
      <input type="checkbox" {...input} />
      <span>{label}</span>
    </label>
  );
}
