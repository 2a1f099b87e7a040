import { Button, Menu } from '@mantine/core';
import type { AvailabilityView, TransactionDetailView } from '@concordat/wire/operations';
import { IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { ActionDialog } from '../../../components/action/ActionDialog.js';
import { actionWords } from './action-words.js';
import classes from './Actions.module.css';
import { useAction } from './useAction.js';

interface BranchMenuProps {
  readonly detail: TransactionDetailView;
  readonly branch: string;
}

/** What can be done to one branch; what cannot is there too, with the reason. */
export function BranchMenu({ detail, branch }: BranchMenuProps) {
  const [chosen, setChosen] = useState<AvailabilityView>();
  const action = useAction(detail, chosen);
  const offered = detail.actions.filter((one) => one.branch === branch);
  if (offered.length === 0) return null;
  const possible = offered.filter(({ allowed }) => allowed).length;
  return (
    <>
      <Menu position="bottom-end" width={330} hideDetached={false}>
        <Menu.Target>
          <Button
            size="xs"
            variant="default"
            rightSection={<IconChevronDown size={14} />}
            aria-label={`Act on ${branch}: ${possible} of ${offered.length} possible now`}
          >
            Act
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {offered.map((one) => (
            <Menu.Item
              key={one.action}
              // it can be reached, to read why not; pressing it does nothing
              aria-disabled={!one.allowed}
              closeMenuOnClick={one.allowed}
              onClick={() => one.allowed && setChosen(one)}
              data-action={one.action}
              data-allowed={one.allowed}
              className={classes['item'] ?? ''}
            >
              <span className={classes['itemName']}>{actionWords[one.action].label}</span>
              <span className={classes['itemWhy']}>
                {one.allowed
                  ? (actionWords[one.action].byChoice ?? one.effect)
                  : `Not now: ${one.reason}`}
              </span>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <ActionDialog action={action} onClose={() => setChosen(undefined)} />
    </>
  );
}
