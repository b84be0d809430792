// If the session has ended, redirects to log-in and back.
import type { QueryClient } from '@tanstack/react-query';
import type { AnyRouter } from '@tanstack/react-router';
import { ApiError } from './api/client.js';
import { session } from './api/queries.js';

export function watchForLogout(client: QueryClient, router: AnyRouter): void {
  const look = (error: unknown) => {
    if (!(error instanceof ApiError) || error.code !== 'login_required') return;
    client.setQueryData(session.queryKey, { customer: null });
    const { pathname, href } = router.latestLocation;
    if (pathname !== '/login') void router.navigate({ to: '/login', search: { next: href, expired: true } });
  };
  client.getQueryCache().config.onError = look;
  client.getMutationCache().config.onError = look;
}
