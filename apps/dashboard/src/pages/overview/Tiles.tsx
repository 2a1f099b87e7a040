import type { OverviewView } from '@concordat/wire/operations';
import { Link } from '@tanstack/react-router';
import { count, rate } from '../../components/numbers.js';
import type { Tone } from '../../components/words.js';
import classes from './Overview.module.css';

type Now = OverviewView['now'];

interface TileDefinition {
  readonly label: string;
  readonly of: keyof Now;
  /** Its tone as soon as there is one; none is always neutral. */
  readonly tone: Tone;
  readonly to: string;
  readonly search: Readonly<Record<string, string>>;
  readonly means: string;
  /** None is told only if there is a database that was asked. */
  readonly isOfDatabases?: boolean;
}

const tiles: readonly TileDefinition[] = [
  {
    label: 'Sessions blocked',
    of: 'sessionsBlocked',
    tone: 'danger',
    to: '/transactions',
    search: { harm: 'blocking' },
    means: 'wait for a prepared branch',
    isOfDatabases: true,
  },
  {
    label: 'Stuck',
    of: 'stuck',
    tone: 'attention',
    to: '/transactions',
    search: { stuck: 'true' },
    means: 'transactions that do not go on',
  },
  {
    label: 'Heuristics',
    of: 'heuristicsUnforgotten',
    tone: 'danger',
    to: '/transactions',
    search: { harm: 'heuristic' },
    means: 'ended, and not as decided',
  },
  {
    label: 'Orphans',
    of: 'orphans',
    tone: 'attention',
    to: '/in-doubt',
    search: {},
    means: 'prepared, and nobody ends them',
    isOfDatabases: true,
  },
  {
    label: 'Approvals',
    of: 'approvalsPending',
    tone: 'wait',
    to: '/approvals',
    search: {},
    means: 'wait for a second person',
  },
];

interface TilesProps {
  readonly now: Now;
  /** Whether there is a database that can be asked who waits. */
  readonly isSeen: boolean;
  /** Whether all that was to be asked has answered. */
  readonly isComplete: boolean;
}

export function Tiles({ now, isSeen, isComplete }: TilesProps) {
  return (
    <ul className={classes['tiles']}>
      {tiles.map((tile) => (
        <li key={tile.of}>
          <Tile
            {...tile}
            value={now[tile.of]}
            isKnown={isSeen || !tile.isOfDatabases}
            isComplete={isComplete}
          />
        </li>
      ))}
      <li>
        <div className={classes['tile']}>
          <span className={classes['tileLabel']}>Ended per second</span>
          <span className={classes['tileValue']}>{rate(now.endedPerSecond)}</span>
          <span className={classes['tileMeans']}>{count(now.unfinished)} under way</span>
        </div>
      </li>
    </ul>
  );
}

interface TileProps extends TileDefinition {
  readonly value: number;
  readonly isKnown: boolean;
  readonly isComplete: boolean;
}

function Tile({ isKnown, isComplete, ...tile }: TileProps) {
  const { label, value, tone, to, search } = tile;
  const isTold = isKnown || value > 0;
  const means = value > 0 || isComplete ? tile.means : 'as far as could be asked';
  return (
    <Link
      to={to}
      search={() => search}
      className={classes['tile'] ?? ''}
      data-tone={value > 0 ? tone : 'neutral'}
    >
      <span className={classes['tileLabel']}>{label}</span>
      <span className={classes['tileValue']}>{isTold ? count(value) : '–'}</span>
      <span className={classes['tileMeans']}>
        {isTold ? means : 'not known: no database is seen'}
      </span>
    </Link>
  );
}
