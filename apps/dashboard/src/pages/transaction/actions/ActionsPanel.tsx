// What can be done to the transaction as a whole. What cannot be done stays, with the reason.
import { Button } from '@mantine/core';
import type { AvailabilityView, TransactionDetailView } from '@concordat/wire/operations';
import { useId, useState } from 'react';
import { ActionDialog } from '../../../components/action/ActionDialog.js';
import { Panel } from '../../../components/Panel.js';
import { actionWords } from './action-words.js';
import classes from './Actions.module.css';
import { useAction } from './useAction.js';

export function ActionsPanel({ detail }: { readonly detail: TransactionDetailView }) {
  const [chosen, setChosen] = useState<AvailabilityView>();
  const action = useAction(detail, chosen);
  const offered = detail.actions.filter(({ branch }) => branch === undefined);
  // what can be done first; of the rest, the order is the server's
  const sorted = offered.toSorted((a, b) => Number(b.allowed) - Number(a.allowed));
  return (
    <Panel title="What you can do">
      <ul className={classes['list']}>
        {sorted.map((one) => (
          <li key={one.action}>
            <Offer availability={one} onChoose={() => setChosen(one)} />
          </li>
        ))}
      </ul>
      <p className="soft">
        What can be done to one branch stands with it, below. Each asks the server first what it
        would do; nothing is done by opening it.
      </p>
      <ActionDialog action={action} onClose={() => setChosen(undefined)} />
    </Panel>
  );
}

interface OfferProps {
  readonly availability: AvailabilityView;
  readonly onChoose: () => void;
}

function Offer({ availability, onChoose }: OfferProps) {
  const { action, allowed, reason, effect } = availability;
  const id = useId();
  return (
    <div className={classes['offer']} data-allowed={allowed} data-action={action}>
      <Button
        size="xs"
        variant={allowed && action === 'retry' ? 'filled' : 'default'}
        disabled={!allowed}
        onClick={onChoose}
        aria-describedby={id}
      >
        {actionWords[action].label}
      </Button>
      <div id={id}>
        {allowed ? effect : <strong className={classes['not']}>Not now: </strong>}
        {!allowed && reason}
      </div>
    </div>
  );
}
