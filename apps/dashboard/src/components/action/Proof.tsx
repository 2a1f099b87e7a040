// The dry run: what the server would do with this very request, proved on what is so now.
import { Loader } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconCircleCheck } from '@tabler/icons-react';
import type { ActionResultView } from '@concordat/wire/operations';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { isInDoubt } from '../../api/problem.js';
import { Notice } from '../Notice.js';
import { sentence } from '../text.js';
import type { Action } from './ActionDialog.js';
import { Refused } from './Refused.js';

const DEBOUNCE_MS = 350;
const AGAIN_MS = 10_000;
/** Until it is filled in; a dry run keeps neither. */
const NOT_YET = { reason: 'a dry run', evidence: 'a dry run' };

export interface ProofState {
  readonly isProved: boolean;
  readonly isProving: boolean;
  readonly said: ActionResultView | undefined;
  readonly error: Error | null;
  /** Before it is sent: a proof that comes while it is being done would tell of what is done. */
  readonly end: () => Promise<void>;
}

type Request = Readonly<Record<string, unknown>>;

/** @param isActing what was proved has been sent, and has no answer yet */
export function useProof(
  action: Action,
  request: Request | undefined,
  isActing: boolean,
): ProofState {
  const client = useQueryClient();
  const text = request === undefined ? '' : JSON.stringify(request);
  const [settled] = useDebouncedValue(text, DEBOUNCE_MS);
  const queryKey = ['proof', action.title, action.target, settled];
  const { data, error, isFetching } = useQuery({
    queryKey,
    queryFn: () => prove(action, settled),
    enabled: settled !== '' && !isActing,
    gcTime: 0,
    retry: false,
    // what is proved is so for a while only; a refusal stands; whoever did not answer may do so yet
    refetchInterval: ({ state }) =>
      state.error === null || isInDoubt(state.error) ? AGAIN_MS : false,
  });
  const isCurrent = text !== '' && settled === text;
  return {
    isProved: isCurrent && data !== undefined && error === null,
    isProving: text !== '' && (!isCurrent || isFetching),
    said: isCurrent ? data : undefined,
    error: isCurrent ? error : null,
    end: () => client.cancelQueries({ queryKey }),
  };
}

function prove(action: Action, text: string): Promise<ActionResultView> {
  const request = JSON.parse(text) as Request;
  const evidence = request['evidence'] === '' ? { evidence: NOT_YET.evidence } : {};
  return action.submit({ ...request, ...evidence, reason: NOT_YET.reason, dryRun: true });
}

export function Proof({ proof: { said, error, isProving } }: { readonly proof: ProofState }) {
  if (error !== null) return <Refused error={error} />;
  if (said !== undefined) {
    return (
      <Notice tone="fine" icon={IconCircleCheck}>
        <strong>Proved just now; nothing was done yet.</strong> {sentence(said.said)}
      </Notice>
    );
  }
  if (!isProving) return null;
  return (
    <p role="status">
      <Loader size="xs" type="dots" /> Asking the server what it would do …
    </p>
  );
}
