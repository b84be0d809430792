// The language of the pages: what is written, and how prices and times look.
import { CURRENCY } from '@shop/contracts/currency';
import { createContext, use, useMemo, type ReactNode } from 'react';
import { ApiError } from '../api/client.js';
import { recall, remember } from '../remembered.js';
import { en, type Messages } from './en.js';

export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

const STORE = 'language';

/** The chosen one, or the first that the browser wants. */
export function preferredLanguage(): Language {
  const wanted = [recall(STORE), ...navigator.languages].map((tag) => tag?.slice(0, 2));
  return wanted.find((tag): tag is Language => tag !== undefined && tag in languages) ?? 'en';
}

export async function loadMessages(language: Language): Promise<Messages> {
  return language === 'de' ? (await import('./de.js')).de : en;
}

/** Everything on the page changes, so it is loaded anew. */
export function chooseLanguage(language: Language): void {
  remember(STORE, language);
  location.reload();
}

const Current = createContext<{ language: Language; messages: Messages }>({ language: 'en', messages: en });

interface I18nProps {
  language: Language;
  messages: Messages;
  children: ReactNode;
}

export function I18n({ language, messages, children }: I18nProps) {
  const value = useMemo(() => ({ language, messages }), [language, messages]);
  return <Current value={value}>{children}</Current>;
}

export function useMessages(): Messages {
  return use(Current).messages;
}

export function useLanguage(): Language {
  return use(Current).language;
}

export function useFormats() {
  const language = useLanguage();
  return useMemo(() => {
    const money = new Intl.NumberFormat(language, { style: 'currency', currency: CURRENCY });
    const day = new Intl.DateTimeFormat(language, { dateStyle: 'long' });
    const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
    return {
      price: (cents: number) => money.format(cents / 100),
      date: (iso: string) => day.format(new Date(iso)),
      time: (iso: string) => moment.format(new Date(iso)),
    };
  }, [language]);
}

/** What an error means to the person in front. */
export function useExplain() {
  const { errors } = useMessages();
  return (error: unknown): string => {
    // There is no number to tell.
    if (!(error instanceof ApiError)) return errors.other.replace(/;.*/, '.');
    return errors.codes[error.code] ?? `${errors.other} ${error.problem.requestId ?? error.code}`;
  };
}
