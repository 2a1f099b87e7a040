// The keys there are, who has made them, and when each was last used. A key itself is shown once.
import { Button } from '@mantine/core';
import type { KeyView } from '@concordat/wire/operations';
import { useQuery } from '@tanstack/react-query';
import { IconKey, IconLock, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { keysQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { revokeKey } from '../../api/steering.js';
import type { Deed } from '../../components/action/ReasonDialog.js';
import { ReasonDialog } from '../../components/action/ReasonDialog.js';
import { Answered } from '../../components/Answered.js';
import { DataTable } from '../../components/DataTable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { GuardedButton, takes } from '../../components/GuardedButton.js';
import { Panel } from '../../components/Panel.js';
import { columnsFor } from './key-columns.js';
import { MakeKey } from './MakeKey.js';

export function Keys() {
  const may = useMay('access.manage', '*');
  const [isMaking, setIsMaking] = useState(false);
  return (
    <Panel
      title="Keys"
      flush
      aside={
        <GuardedButton
          size="xs"
          whyNot={takes('access.manage (for all tenants)', may)}
          leftSection={<IconPlus size={15} aria-hidden="true" />}
          onClick={() => setIsMaking(true)}
        >
          Make a key
        </GuardedButton>
      }
    >
      {may ? <List /> : <NotForYou />}
      <MakeKey isOpen={isMaking} onClose={() => setIsMaking(false)} />
    </Panel>
  );
}

function NotForYou() {
  return (
    <EmptyState icon={IconLock} title="You may not see the keys">
      This takes the permission access.manage, for all tenants: the role admin has it.
    </EmptyState>
  );
}

function List() {
  const query = useQuery(keysQuery());
  const [deed, setDeed] = useState<Deed>();
  const [isAll, setIsAll] = useState(false);
  return (
    <Answered query={query} what="the keys">
      {({ items }) => {
        const shown = items.filter((key) => isAll || isInUse(key));
        const hidden = items.length - shown.length;
        return (
          <>
            <DataTable
              label="Keys"
              columns={columnsFor((key) => setDeed(revocationOf(key)))}
              rows={shown}
              rowKey={({ id }) => id}
              rowTone={(key) => (isInUse(key) ? 'neutral' : 'danger')}
              empty={
                <EmptyState
                  icon={IconKey}
                  title={hidden > 0 ? 'No key is in use' : 'No key has been made yet'}
                >
                  The installation’s own (CONCORDAT_API_KEY) may do everything: make a key for each
                  person and each application, with no more than they need.
                </EmptyState>
              }
            />
            {(hidden > 0 || isAll) && (
              <Button size="compact-sm" variant="subtle" m={6} onClick={() => setIsAll(!isAll)}>
                {isAll ? 'Show only those in use' : `Show ${hidden} that are revoked or expired`}
              </Button>
            )}
            <ReasonDialog deed={deed} onClose={() => setDeed(undefined)} />
          </>
        );
      }}
    </Answered>
  );
}

function isInUse({ revokedAt, expiresAt }: KeyView): boolean {
  return revokedAt === undefined && (expiresAt === undefined || Date.parse(expiresAt) > Date.now());
}

function revocationOf({ id, name, prefix }: KeyView): Deed {
  return {
    title: 'Revoke the key',
    explanation: (
      <>
        <strong>{name}</strong> (<code>{prefix}…</code>) is refused from now on, and whoever is
        signed in with it is signed out. It cannot be taken back: make another key instead.
      </>
    ),
    isDangerous: true,
    isWithoutReason: true,
    typedWord: 'revoke',
    submit: async () => {
      await revokeKey(id);
      return `${name} is refused from now on.`;
    },
  };
}
