import { useMessages } from './i18n/i18n.js';
import { usePageTitle } from './page-title.js';
import { ButtonLink } from './ui/button.js';
import { Empty } from './ui/notice.js';

export function NotFound() {
  const { errors: t } = useMessages();
  usePageTitle(t.missing);
  return (
    <Empty title={t.missing} hint={t.missingHint}>
      <ButtonLink to="/">{t.home}</ButtonLink>
    </Empty>
  );
}
