// A database in which branches are prepared: whether it answers, what is prepared there as of the
// last scan, and whether a branch can rely on it.
import { Anchor } from '@mantine/core';
import type { ResourceManagerView } from '@concordat/wire';
import { useMutation } from '@tanstack/react-query';
import { IconListSearch, IconStethoscope } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useRefresh } from '../../api/actions.js';
import { useMay } from '../../api/session.js';
import { scan, selfTest } from '../../api/steering.js';
import { Refused } from '../../components/action/Refused.js';
import { StateBadge } from '../../components/Badges.js';
import { Fact, Facts } from '../../components/Facts.js';
import { SmallButton, takes } from '../../components/GuardedButton.js';
import { count, latency } from '../../components/numbers.js';
import { Panel } from '../../components/Panel.js';
import { Time } from '../../components/Time.js';
import classes from './Participants.module.css';
import { SelfTest } from './SelfTest.js';

export function ResourceManager({ status }: { readonly status: ResourceManagerView }) {
  const { name } = status;
  const refresh = useRefresh();
  const scanning = useMutation({ mutationFn: () => scan(name), onSuccess: refresh });
  const testing = useMutation({ mutationFn: () => selfTest(name), onSuccess: refresh });
  const failure = scanning.error ?? testing.error;
  return (
    <Panel
      title={
        <>
          {name} <Reachable reachable={status.reachable} />
        </>
      }
      aside={
        <>
          <Check label="Scan now" name={name} icon={IconListSearch} deed={scanning} />
          <Check label="Self-test" name={name} icon={IconStethoscope} deed={testing} />
        </>
      }
    >
      {failure !== null && <Refused error={failure} />}
      <WhatItIs status={status} />
      <Prepared status={status} />
      <SelfTest name={name} result={testing.data ?? status.lastSelfTest} />
    </Panel>
  );
}

interface CheckProps {
  readonly label: string;
  readonly name: string;
  readonly icon: typeof IconListSearch;
  readonly deed: { readonly isPending: boolean; readonly mutate: () => void };
}

/** Changes nothing that anybody would miss, so it is done at once. */
function Check({ label, name, icon: Icon, deed }: CheckProps) {
  const may = useMay('participants.operate', '*');
  return (
    <SmallButton
      whyNot={takes('participants.operate (for all tenants)', may)}
      aria-label={`${label}: ${name}`}
      leftSection={<Icon size={15} aria-hidden="true" />}
      loading={deed.isPending}
      onClick={() => deed.mutate()}
    >
      {label}
    </SmallButton>
  );
}

function WhatItIs({ status }: { readonly status: ResourceManagerView }) {
  const { kind, address, reachable, lastSeenAt, lastScan, lastError } = status;
  return (
    <Facts>
      <Fact name="It is">
        {kind === 'postgres' ? 'PostgreSQL' : 'MariaDB or MySQL'} at {address}
      </Fact>
      <Fact name="Last scan">
        {lastScan === undefined ? (
          'none yet'
        ) : (
          <>
            <Time at={lastScan.at} />, in {latency(lastScan.tookMs)}
          </>
        )}
      </Fact>
      {reachable === false && (
        <Fact name="Last answered">
          {lastSeenAt === undefined ? (
            'never, since this coordinator started'
          ) : (
            <Time at={lastSeenAt} />
          )}
        </Fact>
      )}
      {lastError !== undefined && <Fact name="Error">{lastError}</Fact>}
    </Facts>
  );
}

function Reachable({ reachable }: Pick<ResourceManagerView, 'reachable'>) {
  if (reachable === null) return <StateBadge tone="neutral">not scanned yet</StateBadge>;
  if (reachable) return <StateBadge tone="fine">answers</StateBadge>;
  return <StateBadge tone="danger">does not answer</StateBadge>;
}

function Prepared({
  status: { name, prepared, reachable },
}: {
  readonly status: ResourceManagerView;
}) {
  const parts = [
    ['orphaned', prepared.orphaned, 'danger'],
    ['reappeared', prepared.reappeared, 'attention'],
    ['ours, in doubt', prepared.inDoubt, 'wait'],
    ['of others', prepared.others, 'neutral'],
    ['not examined', prepared.notExamined, 'attention'],
  ] as const;
  const some = parts.filter(([, number]) => number > 0);
  return (
    <p className={classes['prepared']}>
      <strong>Prepared{reachable === true ? '' : ', as of the last scan that it answered'}:</strong>{' '}
      {some.length === 0 && 'nothing'}
      {some.map(([label, number, tone]) => (
        <StateBadge key={label} tone={tone}>
          {count(number)} {label}
        </StateBadge>
      ))}{' '}
      {some.length > 0 && (
        <Anchor
          fz="inherit"
          renderRoot={(props) => <Link to="/in-doubt" search={() => ({ in: name })} {...props} />}
        >
          see them
        </Anchor>
      )}
    </p>
  );
}
