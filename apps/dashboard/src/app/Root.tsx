// Who is not signed in sees the sign-in, whatever the address; after it, the page they came for.
import { useQuery } from '@tanstack/react-query';
import { inWords } from '../api/problem.js';
import { isSignedIn, sessionQuery } from '../api/session.js';
import { ErrorState } from '../components/ErrorState.js';
import { Loading } from '../components/Loading.js';
import { SignInPage } from '../pages/sign-in/SignInPage.js';
import { Shell } from './Shell.js';

export function Root() {
  const { data, error, refetch } = useQuery(sessionQuery);
  if (isSignedIn(data)) return <Shell />;
  if (data !== undefined) return <SignInPage {...data} />;
  if (error !== null) {
    return (
      <main>
        <ErrorState {...inWords(error)} onRetry={() => void refetch()} />
      </main>
    );
  }
  return (
    <main>
      <Loading what="your session" />
    </main>
  );
}
