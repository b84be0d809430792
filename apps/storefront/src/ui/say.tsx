// A toast that says what just happened and may offer to undo it.
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import styles from './say.module.css';

const STAYS_MS = 6000;

interface Said {
  text: string;
  action?: ReactNode;
}

const Say = createContext<(text: string, action?: ReactNode) => void>(() => undefined);

export function useSay() {
  return use(Say);
}

export function SayProvider({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState<Said>();
  const place = useRef<HTMLDivElement>(null);
  const say = useCallback((text: string, action?: ReactNode) => setSaid({ text, action }), []);
  useEffect(() => {
    if (!said) return;
    // Stays while it has the focus.
    const leave = () => !place.current?.matches(':has(:focus-visible)') && setSaid(undefined);
    const timer = setInterval(leave, STAYS_MS);
    return () => clearInterval(timer);
  }, [said]);
  const shown = useMemo(
    () => (
      <div ref={place} className={styles.place} role="status">
        {said && (
          <div className={styles.said}>
            <span>{said.text}</span>
            {said.action}
          </div>
        )}
      </div>
    ),
    [said],
  );
  return (
    <Say value={say}>
      {children}
      {shown}
    </Say>
  );
}
