// A line at the edge of the page that says what just happened, and may offer to take it back.
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
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
  const say = useCallback((text: string, action?: ReactNode) => setSaid({ text, action }), []);
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(undefined), STAYS_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const shown = useMemo(
    () => (
      <div className={styles.place} role="status">
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
