import type { ParticipantHealthView } from '@concordat/wire/operations';
import { useMay } from '../../api/session.js';
import type { Action } from '../../components/action/ActionDialog.js';
import { WordBadge } from '../../components/Badges.js';
import { strainColumns } from '../../components/columns.js';
import type { Column } from '../../components/DataTable.js';
import { SmallButton, takes } from '../../components/GuardedButton.js';
import { count, latency } from '../../components/numbers.js';
import { duration } from '../../components/moments.js';
import { Time } from '../../components/Time.js';
import { healthWords } from '../../components/words.js';
import { pauseOrResume } from './pausing.js';
import classes from './Participants.module.css';

type Participant = ParticipantHealthView;

const columns: readonly Column<Participant>[] = [
  {
    key: 'name',
    header: 'Participant',
    isRowHeader: true,
    cell: ({ name, kind, address }) => (
      <>
        <strong>{name}</strong>
        <div className={classes['address']}>
          {kinds[kind]}
          {address !== '' && `, ${address}`}
        </div>
      </>
    ),
  },
  {
    key: 'health',
    header: 'Health',
    grow: true,
    cell: (participant) => <Health {...participant} />,
  },
  { key: 'calls', header: 'Calls', cell: ({ calls }) => <Calls calls={calls} /> },
  {
    key: 'p50',
    header: 'p50',
    align: 'right',
    cell: ({ calls }) => latency(calls?.p50Ms ?? null),
  },
  ...strainColumns,
];

const kinds: { readonly [K in Participant['kind']]: string } = {
  http: 'service',
  postgres: 'PostgreSQL',
  mysql: 'MariaDB or MySQL',
  queue: 'queue',
  'in-process': 'in this process',
};

/** @param onAct opens the dialog */
export function columnsFor(onAct: (action: Action) => void): readonly Column<Participant>[] {
  const acts: Column<Participant> = {
    key: 'acts',
    header: 'Calls to it',
    cell: (participant) => <PauseButton participant={participant} onAct={onAct} />,
  };
  return [...columns, acts];
}

interface PauseButtonProps {
  readonly participant: Participant;
  readonly onAct: (action: Action) => void;
}

function PauseButton({ participant, onAct }: PauseButtonProps) {
  const may = useMay('participants.operate', '*');
  const verb = participant.paused === null ? 'Pause' : 'Resume';
  return (
    <SmallButton
      whyNot={takes('participants.operate (for all tenants)', may)}
      aria-label={`${verb} ${participant.name}`}
      onClick={() => onAct(pauseOrResume(participant))}
    >
      {verb} …
    </SmallButton>
  );
}

function Health({ health, said, paused }: Participant) {
  return (
    <>
      <WordBadge {...healthWords[health]} />
      <div className={classes['said']}>{said}</div>
      {paused !== null && (
        <div className="soft">
          since <Time at={paused.since} />
        </div>
      )}
    </>
  );
}

function Calls({ calls }: Pick<Participant, 'calls'>) {
  if (calls === null) return <span className="soft">none lately</span>;
  const { answered, inDoubt, refused, windowMs, lastAnsweredAt } = calls;
  return (
    <div className={classes['calls']}>
      {count(answered)} answered
      {refused > 0 && `, ${count(refused)} with a no`}
      {inDoubt > 0 && <div className={classes['bad']}>{count(inDoubt)} in doubt</div>}
      <div className="soft">
        in the last {duration(windowMs)}
        {lastAnsweredAt !== undefined && (
          <>
            ; last <Time at={lastAnsweredAt} />
          </>
        )}
      </div>
    </div>
  );
}
