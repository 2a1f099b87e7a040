// What stands around every page: the theme, the questions, the routes.
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { ApiError, isUnauthenticated } from '../api/problem.js';
import type { SignedOut } from '../api/session.js';
import { isSignedIn, sessionQuery } from '../api/session.js';
import { cspNonce } from './nonce.js';
import { router } from './router.js';
import { cssVariables, theme } from './theme.js';

const RETRIES_MAX = 2;

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session that is over leads to the sign-in, wherever it was noticed, and back (Root.tsx).
    onError: (error) => {
      const isHere = isSignedIn(client.getQueryData(sessionQuery.queryKey));
      if (!isUnauthenticated(error) || !isHere) return;
      const ended: SignedOut = { oidc: false, hasEnded: true };
      client.setQueryData(sessionQuery.queryKey, ended);
      void client.invalidateQueries(sessionQuery);
    },
  }),
  defaultOptions: {
    // asked without a network too: what is old must be seen to be old, and not just wait
    queries: {
      networkMode: 'always',
      retry: (count, error) => count < RETRIES_MAX && isPassing(error),
      staleTime: 1_000,
    },
    mutations: { networkMode: 'always' },
  },
});

/** Whether it may be otherwise in a moment. */
function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status >= 502;
}

const nonce = cspNonce === undefined ? {} : { getStyleNonce: () => cspNonce ?? '' };

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      {...nonce}
    >
      <QueryClientProvider client={client}>
        <Notifications position="bottom-right" limit={4} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
