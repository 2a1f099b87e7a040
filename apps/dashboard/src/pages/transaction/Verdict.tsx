import { Button, Loader } from '@mantine/core';
import type { TruthView } from '@concordat/wire/operations';
import type { UseQueryResult } from '@tanstack/react-query';
import { IconCloudOff, IconPlugConnectedX, IconRefresh } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { inWords } from '../../api/problem.js';
import { plural } from '../../components/numbers.js';
import { duration } from '../../components/moments.js';
import { Notice } from '../../components/Notice.js';
import { Time } from '../../components/Time.js';
import { VerdictCard } from '../../components/VerdictCard.js';
import classes from './Transaction.module.css';

interface VerdictProps {
  readonly query: UseQueryResult<TruthView>;
  /** Of the transaction as the page shows it. */
  readonly version: number;
}

/** What is true now: asked while the page is open, and when one presses the button. */
export function Verdict({ query, version }: VerdictProps) {
  const { data, error, refetch } = query;
  const [isAsking, setIsAsking] = useState(false);
  const isOutrun = data !== undefined && data.version < version;
  useEffect(() => {
    // what was judged before the transaction went on is no verdict on what is
    if (isOutrun) void refetch();
  }, [isOutrun, version, refetch]);
  const ask = async (): Promise<void> => {
    setIsAsking(true);
    await refetch();
    setIsAsking(false);
  };
  return (
    <section aria-label="The verdict" className={classes['verdict']} aria-live="polite">
      {isOutrun && (
        <p className={classes['blocking']} role="status">
          It has gone on since the branches were asked; they are being asked again.
        </p>
      )}
      {data !== undefined && !isOutrun && (
        <VerdictCard verdict={data.verdict}>
          <Blocking truth={data} />
        </VerdictCard>
      )}
      {data?.complete === false && (
        <Notice tone="attention" icon={IconPlugConnectedX}>
          <strong>This is not the whole truth:</strong> some branch could not be asked, or cannot
          tell. Which one, and why, stands with the branches below.
        </Notice>
      )}
      {error !== null && (
        <Notice tone="attention" icon={IconCloudOff}>
          <strong>The branches could not be asked now.</strong> {inWords(error).detail}
        </Notice>
      )}
      <div className={classes['asked']}>
        {error === null || data !== undefined ? <Asked askedAt={data?.askedAt} /> : null}
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconRefresh size={14} />}
          loading={isAsking}
          onClick={() => void ask()}
        >
          Ask again
        </Button>
      </div>
    </section>
  );
}

function Asked({ askedAt }: { readonly askedAt: string | undefined }) {
  if (askedAt === undefined) {
    return (
      <span role="status">
        <Loader size="xs" type="dots" /> Asking every branch what is true …
      </span>
    );
  }
  return (
    <span>
      Every branch was asked <Time at={askedAt} />.
    </span>
  );
}

/** The harm in one sentence; which sessions, and with which queries, stands below. */
function Blocking({ truth }: { readonly truth: TruthView }) {
  const blocks = truth.branches.map((branch) => branch.blocks);
  const sessions = blocks.reduce((sum, { sessionsTotal }) => sum + sessionsTotal, 0);
  if (sessions === 0) return null;
  const waits = blocks.flatMap((one) => one.sessions.map(({ waitingMs }) => waitingMs ?? 0));
  const longest = Math.max(0, ...waits);
  return (
    <p className={classes['blocking']}>
      {plural(sessions, 'session waits', 'sessions wait')} for it
      {longest > 0 && <>, the longest for {duration(longest)}</>}.
    </p>
  );
}
