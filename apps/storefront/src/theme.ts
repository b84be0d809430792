// Light or dark: as the device has it, unless the visitor chose. index.html applies the choice before anything is painted.
const STORE = 'theme';

export type Theme = 'system' | 'light' | 'dark';

export function chosenTheme(): Theme {
  const { theme } = document.documentElement.dataset;
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') {
    localStorage.removeItem(STORE);
    delete document.documentElement.dataset['theme'];
  } else {
    localStorage.setItem(STORE, theme);
    document.documentElement.dataset['theme'] = theme;
  }
}
