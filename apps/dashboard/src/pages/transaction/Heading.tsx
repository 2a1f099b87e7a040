import type { TriageItemView } from '@concordat/wire/operations';
import {
  DecisionBadge,
  HarmBadge,
  PhaseBadge,
  ProtocolMark,
  StateBadge,
} from '../../components/Badges.js';
import classes from './Transaction.module.css';

export function Heading({ transaction }: { readonly transaction: TriageItemView }) {
  const { name, protocol, decision, harm, paused } = transaction;
  return (
    <span className={classes['heading']}>
      {name ?? 'unnamed'}
      <span className={classes['badges']}>
        <ProtocolMark protocol={protocol} />
        <PhaseBadge transaction={transaction} />
        <span className={classes['labelled']}>
          decision <DecisionBadge decision={decision} />
        </span>
        {harm !== null && <HarmBadge harm={harm} />}
        {paused && harm !== 'paused' && (
          <StateBadge tone="special" means="A person holds back its calls.">
            paused
          </StateBadge>
        )}
      </span>
    </span>
  );
}
