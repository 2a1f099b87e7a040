import { Anchor, Button } from '@mantine/core';
import type { AuditItemView } from '@concordat/wire/operations';
import { Link } from '@tanstack/react-router';
import { WordBadge } from '../../components/Badges.js';
import type { Column } from '../../components/DataTable.js';
import { legible } from '../../components/text.js';
import { Time } from '../../components/Time.js';
import { stageWords } from '../../components/words.js';
import classes from './Audit.module.css';

const columns: readonly Column<AuditItemView>[] = [
  {
    key: 'seq',
    header: 'Line',
    align: 'right',
    isRowHeader: true,
    cell: ({ seq }) => seq,
  },
  { key: 'at', header: 'When', cell: ({ at }) => <Time at={at} /> },
  {
    key: 'who',
    header: 'Who',
    cell: ({ actor, address }) => (
      <>
        <AllOf actor={actor} />
        {address !== undefined && <div className="soft">{address}</div>}
      </>
    ),
  },
  {
    key: 'what',
    header: 'What',
    cell: ({ action, stage }) => (
      <>
        <code className={classes['action']}>{action}</code>
        <div>
          <WordBadge {...stageWords[stage]} />
        </div>
      </>
    ),
  },
  { key: 'target', header: 'On', cell: ({ target }) => <Target target={target} /> },
  {
    key: 'why',
    header: 'Why, and upon what evidence',
    cell: ({ reason, evidence }) => (
      <>
        {reason === null ? (
          <span className="soft">no reason</span>
        ) : (
          <div className="anywhere">{reason}</div>
        )}
        {evidence !== undefined && <div className={classes['evidence']}>{briefly(evidence)}</div>}
      </>
    ),
  },
];

/** @param onOpen shows all of a line */
export function columnsFor(
  onOpen: (item: AuditItemView) => void,
): readonly Column<AuditItemView>[] {
  const look: Column<AuditItemView> = {
    key: 'hash',
    header: 'Hash',
    cell: (item) => (
      <Button
        size="compact-xs"
        variant="subtle"
        aria-label={`${item.hash.slice(0, 8)}…: look at line ${item.seq}`}
        onClick={() => onOpen(item)}
      >
        <code>{item.hash.slice(0, 8)}…</code>
      </Button>
    ),
  };
  return [...columns, look];
}

/** Leads to everything that they did: names may be the same, ids are not. */
function AllOf({ actor: { id, name } }: Pick<AuditItemView, 'actor'>) {
  return (
    <Anchor
      fz="inherit"
      fw={600}
      title={`all that ${name} did`}
      renderRoot={(props) => <Link to="/audit" search={() => ({ actor: id })} {...props} />}
    >
      {name}
    </Anchor>
  );
}

/** On what it was done, briefly: a transaction leads to its page. */
export function Target({ target }: Pick<AuditItemView, 'target'>) {
  const entries = Object.entries(target);
  if (entries.length === 0) return <>–</>;
  return (
    <ul className={classes['target']}>
      {entries.map(([name, value]) => (
        <li key={name}>
          <span className="soft">{names[name] ?? name}</span>{' '}
          {name === 'gtid' ? <ToTransaction gtid={value} /> : <Named value={value} />}
        </li>
      ))}
    </ul>
  );
}

const names: Readonly<Record<string, string>> = {
  gtid: 'transaction',
  resourceManager: 'database',
  gid: 'name there',
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Of an id, as much as tells it from its neighbours; all of it is in the line. */
function Named({ value }: { readonly value: string }) {
  if (!UUID.test(value)) return <span>{value}</span>;
  return <code title={value}>…{value.slice(-12)}</code>;
}

function ToTransaction({ gtid }: { readonly gtid: string }) {
  return (
    <Anchor
      fz="inherit"
      title={gtid}
      renderRoot={(props) => <Link to="/transactions/$gtid" params={{ gtid }} {...props} />}
    >
      …{gtid.slice(-12)}
    </Anchor>
  );
}

/** What a person has said, and what was seen, before everything else that is in it. */
function briefly(evidence: unknown): string {
  if (typeof evidence !== 'object' || evidence === null) return legible(evidence);
  const { said, seen, why } = evidence as Readonly<Record<string, unknown>>;
  const words = [said, seen, why].filter((one) => typeof one === 'string');
  return words.length === 0 ? JSON.stringify(evidence) : words.join(' · ');
}
