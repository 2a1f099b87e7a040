import type { ErrorComponentProps } from '@tanstack/react-router';
import { inWords } from '../api/problem.js';
import { ErrorState } from '../components/ErrorState.js';

/** What a page shows that could not be drawn; the others still work. */
export function PageError({ error, reset }: ErrorComponentProps) {
  return <ErrorState {...inWords(error)} onRetry={reset} />;
}
