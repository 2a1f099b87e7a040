// Who is at the page, and what they may do: for showing, and for saying why not. The server
// decides again with every request.
import type { Permission, WhoAmIView } from '@concordat/wire/operations';
import type { QueryClient } from '@tanstack/react-query';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { get, send } from './client.js';

export interface SignedOut {
  /** Whether one can sign in through a provider. */
  readonly oidc: boolean;
  /** Whoever is here was signed in, and has not signed out. */
  readonly hasEnded?: boolean;
}
export type Session = WhoAmIView | SignedOut;

const SESSION = ['session'] as const;

export const sessionQuery = queryOptions({
  queryKey: SESSION,
  queryFn: async ({ signal, client }): Promise<Session> => {
    const before = client.getQueryData<Session>(SESSION);
    const session = await get<Session>('v1/session', {}, signal);
    if (isSignedIn(session)) return session;
    return { ...session, hasEnded: isSignedIn(before) || before?.hasEnded === true };
  },
  staleTime: 60_000,
});

export function isSignedIn(session: Session | undefined): session is WhoAmIView {
  return session !== undefined && 'kind' in session;
}

/** Whoever is signed in; the pages are only there for them. */
export function useWhoAmI(): WhoAmIView | undefined {
  const { data } = useQuery(sessionQuery);
  return isSignedIn(data) ? data : undefined;
}

/**
 * Whether one may, as far as the page knows.
 * @param tenant `*` for what belongs to none; undefined: for any tenant at all
 */
export function useMay(permission: Permission, tenant?: string): boolean {
  const mine = useWhoAmI()?.permissions.find((held) => held.permission === permission);
  if (mine === undefined) return false;
  return tenant === undefined || mine.tenants.includes('*') || mine.tenants.includes(tenant);
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (key: string) => send<WhoAmIView>('POST', 'v1/session', { key }),
    onSuccess: (session) => {
      forgetAnswers(client); // of whoever was here before: their session may have ended by itself
      client.setQueryData(sessionQuery.queryKey, session);
    },
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => send<undefined>('DELETE', 'v1/session'),
    onSuccess: async () => {
      // first what says who is there, for what is asked for in between nobody may know
      client.setQueryData(sessionQuery.queryKey, { oidc: false });
      await client.invalidateQueries(sessionQuery);
      forgetAnswers(client);
    },
  });
}

/** What one person was told is not for the next. */
function forgetAnswers(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION[0] });
}
