import type { KeyView } from '@concordat/wire/operations';
import { StateBadge } from '../../components/Badges.js';
import type { Column } from '../../components/DataTable.js';
import { SmallButton } from '../../components/GuardedButton.js';
import { Time } from '../../components/Time.js';
import { Grants } from './Grants.js';

/** @param onRevoke opens the dialog */
export function columnsFor(onRevoke: (key: KeyView) => void): readonly Column<KeyView>[] {
  return [
    {
      key: 'name',
      header: 'Name',
      isRowHeader: true,
      cell: ({ name, prefix }) => (
        <>
          <strong>{name}</strong>
          <div className="soft">
            <code>{prefix}…</code>
          </div>
        </>
      ),
    },
    { key: 'grants', header: 'May', grow: true, cell: ({ grants }) => <Grants grants={grants} /> },
    {
      key: 'made',
      header: 'Made',
      cell: ({ madeBy, madeAt }) => (
        <>
          <Time at={madeAt} />
          <div className="soft">by {madeBy}</div>
        </>
      ),
    },
    {
      key: 'used',
      header: 'Last used',
      cell: ({ lastUsedAt }) => (lastUsedAt === undefined ? 'never' : <Time at={lastUsedAt} />),
    },
    { key: 'ends', header: 'Ends', cell: (key) => <Ends {...key} /> },
    {
      key: 'acts',
      header: 'Revoke',
      cell: (key) => (
        <SmallButton
          aria-label={`Revoke ${key.name}`}
          whyNot={key.revokedAt === undefined ? undefined : 'It is revoked already.'}
          onClick={() => onRevoke(key)}
        >
          Revoke …
        </SmallButton>
      ),
    },
  ];
}

function Ends({ revokedAt, expiresAt }: KeyView) {
  if (revokedAt !== undefined) {
    return (
      <>
        <StateBadge tone="danger">revoked</StateBadge>{' '}
        <div className="soft">
          <Time at={revokedAt} />
        </div>
      </>
    );
  }
  return expiresAt === undefined ? 'never' : <Time at={expiresAt} />;
}
