import { Button, Menu, NumberInput } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { useMay } from '../../api/session.js';
import type { Flat } from '../../app/search.js';
import type { Action } from '../../components/action/ActionDialog.js';
import { ActionDialog } from '../../components/action/ActionDialog.js';
import { GuardedButton, takes } from '../../components/GuardedButton.js';
import { plural } from '../../components/numbers.js';
import type { BulkChoice } from './bulk.js';
import { bulkChoices, onAllThatMatch, onSelected } from './bulk.js';
import { filterOf, inWords } from './filters.js';
import classes from './Transactions.module.css';

interface BulkMenuProps {
  readonly filter: Flat;
  /** Their ids; none: all that match. */
  readonly selected: readonly string[];
}

const PER_SECOND_DEFAULT = 20;
const FAILURES_DEFAULT = 10;

export function BulkMenu({ filter, selected }: BulkMenuProps) {
  const may = useMay('transactions.operate');
  const [choice, setChoice] = useState<BulkChoice>();
  const [perSecondMax, setPerSecondMax] = useState(PER_SECOND_DEFAULT);
  const [failuresMax, setFailuresMax] = useState(FAILURES_DEFAULT);
  const limits = { perSecondMax, failuresMax };
  const fields = (
    <div className={classes['limits']}>
      <Limit label="At most, a second" value={perSecondMax} onChange={setPerSecondMax} />
      <Limit label="Stop after failures" value={failuresMax} onChange={setFailuresMax} />
    </div>
  );
  const isSelection = selected.length > 0;
  const what = isSelection ? `${selected.length} selected` : 'all that match';
  if (!may) {
    return (
      <GuardedButton
        size="xs"
        variant="default"
        whyNot={takes('transactions.operate', may)}
        onClick={() => undefined}
      >
        Act on {what}
      </GuardedButton>
    );
  }
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            size="xs"
            variant={isSelection ? 'filled' : 'default'}
            rightSection={<IconChevronDown size={15} />}
          >
            Act on {what}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {bulkChoices.map((one) => (
            <Menu.Item key={one.action} onClick={() => setChoice(one)}>
              {one.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <ActionDialog
        action={
          choice &&
          (isSelection
            ? selectionAction(choice, selected)
            : { ...matchAction(choice, filter, limits), fields, more: limits })
        }
        onClose={() => setChoice(undefined)}
      />
    </>
  );
}

/** Many are no less dangerous than one (A3). */
function dangerOf({ typedWord }: BulkChoice): Partial<Action> {
  return typedWord === undefined ? {} : { typedWord, isDangerous: true };
}

function selectionAction(choice: BulkChoice, ids: readonly string[]): Action {
  const { action, label, effect } = choice;
  return {
    ...dangerOf(choice),
    title: label,
    target: plural(ids.length, 'selected transaction', 'selected transactions'),
    precondition: 'Each is proved by itself; where it cannot be done, it is left as it is.',
    effect,
    submit: onSelected(action, ids),
  };
}

function matchAction(
  choice: BulkChoice,
  filter: Flat,
  limits: Parameters<typeof onAllThatMatch>[2],
): Action {
  const { action, label, effect } = choice;
  const set = Object.entries(filterOf(filter)).map(([name, value]) => inWords(name, value));
  return {
    ...dangerOf(choice),
    title: `${label}: all that match`,
    target: set.length === 0 ? 'every transaction there is' : set.join(', '),
    precondition: 'The ids are taken down when you ask; what matches later is not touched.',
    effect: `${effect} It goes on in the background: see Bulk actions.`,
    submit: onAllThatMatch(action, filter, limits),
  };
}

interface LimitProps {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function Limit({ label, value, onChange }: LimitProps) {
  return (
    <NumberInput
      size="xs"
      label={label}
      min={1}
      max={1_000}
      value={value}
      onChange={(next) => typeof next === 'number' && onChange(next)}
    />
  );
}
