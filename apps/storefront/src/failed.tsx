// Shown if a page fails to load, usually because a new version replaced its files.
import { useMessages } from './i18n/i18n.js';
import { Button } from './ui/button.js';
import { Empty } from './ui/notice.js';

export function Failed({ error }: { error: unknown }) {
  const { errors: t } = useMessages();
  const renewed = /dynamically imported module|module script failed|preload CSS/i.test(String(error));
  return (
    <Empty title={t.title} hint={renewed ? t.newVersion : t.codes.unavailable}>
      <Button onClick={() => location.reload()}>{t.reload}</Button>
    </Empty>
  );
}
