// A quantity field: typed, or changed with the buttons or arrow keys.
import { MAX_QUANTITY } from '@shop/contracts/limits';
import { useState } from 'react';
import { useMessages } from '../i18n/i18n.js';
import { MinusIcon, PlusIcon } from './icons.js';
import styles from './quantity.module.css';

interface QuantityProps {
  value: number;
  /** The product's name, for screen readers. */
  of: string;
  onChange: (value: number) => void;
}

export function Quantity({ value, of, onChange }: QuantityProps) {
  const { product: t } = useMessages();
  // While typing, the field may be empty or out of range.
  const [typed, setTyped] = useState<string>();
  const settle = (text: string) => {
    setTyped(undefined);
    const wanted = Math.min(Math.max(Math.round(Number(text)) || value, 1), MAX_QUANTITY);
    if (wanted !== value) onChange(wanted);
  };
  const step = (name: string, by: number, icon: React.ReactNode) => (
    <button
      type="button"
      className={styles.step}
      aria-label={`${name}: ${of}`}
      disabled={value + by < 1 || value + by > MAX_QUANTITY}
      onClick={() => onChange(value + by)}
    >
      {icon}
    </button>
  );
  return (
    <div className={styles.group} role="group" aria-label={`${t.quantity}: ${of}`}>
      {step(t.fewer, -1, <MinusIcon />)}
      <input
        className={styles.number}
        type="number"
        inputMode="numeric"
        min={1}
        max={MAX_QUANTITY}
        aria-label={`${t.quantity}: ${of}`}
        value={typed ?? value}
        onChange={({ target }) => setTyped(target.value)}
        onBlur={({ target }) => settle(target.value)}
        onKeyDown={(event) => {
          const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
          if (by) {
            event.preventDefault();
            settle(String(value + by));
          } else if (event.key === 'Enter') settle(event.currentTarget.value);
        }}
      />
      {step(t.another, 1, <PlusIcon />)}
    </div>
  );
}
