// What is wrong now, the most harmful first. From here a person reaches the transaction that is the
// cause with one click, and sees the truth of it on the page that opens.
import { SegmentedControl } from '@mantine/core';
import type { OverviewView } from '@concordat/wire/operations';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { overviewQuery } from '../../api/queries.js';
import { useFlatSearch } from '../../app/search.js';
import { Answered } from '../../components/Answered.js';
import { isSeen } from '../../components/databases.js';
import { Loading } from '../../components/Loading.js';
import { Hidden, Missing } from '../../components/Missing.js';
import { HeldBackAnywhere } from '../../components/HeldBack.js';
import { Page } from '../../components/Page.js';
import { BlockedSessions } from './BlockedSessions.js';
import { Causes } from './Causes.js';
import { Headline } from './Headline.js';
import classes from './Overview.module.css';
import { ParticipantsHealth } from './ParticipantsHealth.js';
import { Tiles } from './Tiles.js';
import { WINDOW_DEFAULT_MS, windows } from './windows.js';

/** Charts weigh more than all the rest, and are the last that is looked at. */
const Charts = lazy(async () => ({ default: (await import('./Charts.js')).Charts }));

export function OverviewPage() {
  const [search, setSearch] = useFlatSearch();
  const windowMs = windows.find(({ ms }) => String(ms) === search['window'])?.ms;
  const query = useQuery(overviewQuery(windowMs ?? WINDOW_DEFAULT_MS));
  return (
    <Page
      title="Overview"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="How far the charts look back"
          value={String(windowMs ?? WINDOW_DEFAULT_MS)}
          data={windows.map(({ ms, label }) => ({ value: String(ms), label }))}
          onChange={(value) => setSearch({ window: value }, 'replace')}
        />
      }
    >
      <Answered query={query} what="the overview">
        {(overview) => <Content overview={overview} />}
      </Answered>
    </Page>
  );
}

function Content({ overview }: { readonly overview: OverviewView }) {
  const seen = isSeen(overview.participants);
  const isComplete = overview.missing.length === 0;
  return (
    <>
      <Headline overview={overview} />
      <HeldBackAnywhere overview={overview} />
      <Missing missing={overview.missing} />
      <Hidden hidden={overview.hidden} />
      <Tiles now={overview.now} isSeen={seen} isComplete={isComplete} />
      <Causes causes={overview.causes} isComplete={isComplete} />
      <div className={classes['columns']}>
        <BlockedSessions
          sessions={overview.blocked}
          total={overview.now.sessionsBlocked}
          isSeen={seen}
          isComplete={isComplete}
        />
        <ParticipantsHealth participants={overview.participants} />
      </div>
      <Suspense fallback={<Loading what="the charts" />}>
        <Charts overview={overview} />
      </Suspense>
    </>
  );
}
