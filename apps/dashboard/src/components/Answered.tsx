// An answer as it comes: asked for, there, there but old, or refused.
import type { UseQueryResult } from '@tanstack/react-query';
import { IconClockExclamation, IconLock } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { ApiError, inWords } from '../api/problem.js';
import { EmptyState } from './EmptyState.js';
import { ErrorState } from './ErrorState.js';
import { Loading } from './Loading.js';
import { Notice } from './Notice.js';
import { Time } from './Time.js';

interface AnsweredProps<T> {
  readonly query: UseQueryResult<T>;
  /** As in “asking for …”. */
  readonly what: string;
  readonly children: (answer: T) => ReactNode;
}

/** Shows the last answer as long as there is one, and says so when it is old. */
export function Answered<T>({ query, what, children }: AnsweredProps<T>) {
  const { data, error, refetch, dataUpdatedAt } = query;
  if (error instanceof ApiError && error.status === 403) {
    return (
      <EmptyState icon={IconLock} title="You may not see this">
        {error.detail}
      </EmptyState>
    );
  }
  if (data === undefined) {
    if (error === null) return <Loading what={what} />;
    return <ErrorState {...inWords(error)} onRetry={() => void refetch()} />;
  }
  return (
    <>
      {error !== null && (
        <Notice tone="attention" icon={IconClockExclamation}>
          <strong>{inWords(error).title}.</strong> What is shown is as of{' '}
          <Time at={new Date(dataUpdatedAt).toISOString()} />. {inWords(error).detail} The page
          keeps trying.
        </Notice>
      )}
      {children(data)}
    </>
  );
}
