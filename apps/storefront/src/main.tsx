import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { listenToTabs } from './api/cart.js';
import { queryClient } from './api/queries.js';
import { I18n, loadMessages, preferredLanguage } from './i18n/i18n.js';
import { router } from './router.js';
import { watchForLogout } from './session-ended.js';
import './styles/tokens.css';
import './styles/base.css';

const language = preferredLanguage();
document.documentElement.lang = language;
listenToTabs(queryClient);
watchForLogout(queryClient, router);
const messages = await loadMessages(language);
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <I18n language={language} messages={messages}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18n>
  </StrictMode>,
);
