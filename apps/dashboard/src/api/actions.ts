// Everything that the pages can have done. What each of them needs and means is told by the server
// (Availability); here are the addresses, and what becomes stale.
import type {
  ActionResultView,
  BranchAction,
  BulkRequest,
  BulkView,
  TransactionAction,
} from '@concordat/wire/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { send } from './client.js';

/** As every request of an action has it; `dryRun` proves it, and does nothing. */
export interface Asked {
  readonly reason: string;
  readonly dryRun: boolean;
  readonly [field: string]: unknown;
}
export type Submit = (asked: Asked) => Promise<ActionResultView>;

const part = encodeURIComponent;

export const onTransaction =
  (gtid: string, action: TransactionAction): Submit =>
  (asked) =>
    send('POST', `v1/operations/transactions/${part(gtid)}/${action}`, asked);

export const onBranch =
  (gtid: string, branch: string, action: BranchAction): Submit =>
  (asked) =>
    send(
      'POST',
      `v1/operations/transactions/${part(gtid)}/branches/${part(branch)}/${action}`,
      asked,
    );

export const onParticipant =
  (name: string, action: 'pause' | 'resume'): Submit =>
  (asked) =>
    send('POST', `v1/operations/participants/${part(name)}/${action}`, asked);

export const onPrepared =
  (resourceManager: string): Submit =>
  (asked) =>
    send('POST', `v1/operations/resource-managers/${part(resourceManager)}/end`, asked);

/** A dry run answers what would be done; else there is a job. */
export const beginBulk = (asked: BulkRequest): Promise<BulkView | ActionResultView> =>
  send('POST', 'v1/operations/bulk', asked);

export const saveView = (name: string, query: Readonly<Record<string, string>>): Promise<unknown> =>
  send('POST', 'v1/operations/views', { name, query });

export const forgetView = (id: string): Promise<unknown> =>
  send('DELETE', `v1/operations/views/${part(id)}`);

/** After something was done, nothing on the page is taken for fresh; only its proof is past. */
export function useRefresh(): () => Promise<void> {
  const client = useQueryClient();
  return useCallback(
    () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'proof' }),
    [client],
  );
}

/** To do something from a form. @param onDone is told what came of it, then all is asked anew */
export function useActing<Asking, Result>(
  submit: (asking: Asking) => Promise<Result>,
  onDone: (result: Result) => void,
) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: submit,
    onSuccess: async (result) => {
      onDone(result);
      await refresh();
    },
  });
}
