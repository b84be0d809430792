// Shown instead of a page that requires a log-in, until the session is known or after it has ended.
import { useQuery } from '@tanstack/react-query';
import { useRouterState } from '@tanstack/react-router';
import { session } from '../api/queries.js';
import { useMessages } from '../i18n/i18n.js';
import { ButtonLink } from '../ui/button.js';
import { Empty, ErrorNotice } from '../ui/notice.js';
import { Rows } from '../ui/skeleton.js';

export function WhoIsThere() {
  const t = useMessages();
  const { data, error, refetch } = useQuery(session);
  const next = useRouterState({ select: ({ location }) => location.href });
  if (data)
    return (
      <Empty title={t.errors.codes.login_required!}>
        <ButtonLink to="/login" search={{ next }}>
          {t.header.logIn}
        </ButtonLink>
      </Empty>
    );
  return <div className="page">{error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <Rows />}</div>;
}
