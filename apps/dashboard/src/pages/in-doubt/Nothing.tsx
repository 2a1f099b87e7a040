// Nothing is prepared, as far as it can be known: only of databases that are registered.
import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconCircleCheck, IconDatabaseOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { participantsQuery } from '../../api/queries.js';
import { EmptyState } from '../../components/EmptyState.js';
import { isSeen } from '../../components/databases.js';

export function Nothing({ isComplete }: { readonly isComplete: boolean }) {
  const { data } = useQuery(participantsQuery());
  if (data === undefined) return null;
  if (!isSeen(data.items)) return <Unseen />;
  const title = isComplete
    ? 'Nothing is prepared in a registered database'
    : 'Nothing is prepared where it is known';
  return (
    <EmptyState icon={IconCircleCheck} tone={isComplete ? 'fine' : 'neutral'} title={title}>
      {isComplete
        ? 'Every one of them was asked just now: no branch waits there, and none holds a lock.'
        : 'Some database could not be asked (see above): something may be prepared there.'}
    </EmptyState>
  );
}

function Unseen() {
  return (
    <EmptyState icon={IconDatabaseOff} title="No database is registered">
      So what is prepared in them cannot be seen here.{' '}
      <Anchor
        fz="inherit"
        renderRoot={(props) => (
          <Link to="/transactions" search={() => ({ unfinished: 'true' })} {...props} />
        )}
      >
        See the transactions that are unfinished
      </Anchor>
      , which may have prepared branches.
    </EmptyState>
  );
}
