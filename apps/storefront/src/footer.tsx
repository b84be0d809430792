import { shopName } from '@shop/contracts/pages';
import { useState } from 'react';
import styles from './footer.module.css';
import { chooseLanguage, languages, useLanguage, useMessages, type Language } from './i18n/i18n.js';
import { chosenTheme, chooseTheme, type Theme } from './theme.js';
import { SelectField } from './ui/field.js';

export function Footer() {
  const { footer: t, header } = useMessages();
  return (
    <footer className={styles.footer}>
      <div className={`page ${styles.columns}`}>
        <div className={styles.about}>
          <p className={styles.name}>{shopName}</p>
          <p>{t.promise}</p>
          <p>{t.help}</p>
          <a href="/api/docs">{t.api}</a>
        </div>
        <div className={styles.settings} role="group" aria-label={header.settings}>
          <ThemeSelect />
          <LanguageSelect />
        </div>
      </div>
    </footer>
  );
}

function ThemeSelect() {
  const { header: t } = useMessages();
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (chosen: Theme) => {
    chooseTheme(chosen);
    setTheme(chosen);
  };
  return (
    <SelectField label={t.theme} value={theme} onChange={({ target }) => choose(target.value as Theme)}>
      {Object.entries(t.themes).map(([value, name]) => (
        <option key={value} value={value}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

function LanguageSelect() {
  const { header: t } = useMessages();
  const language = useLanguage();
  return (
    <SelectField
      label={t.language}
      value={language}
      onChange={({ target }) => chooseLanguage(target.value as Language)}
    >
      {Object.entries(languages).map(([value, name]) => (
        <option key={value} value={value} lang={value}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}
