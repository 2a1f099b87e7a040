// The states of things, each in its tone and with what it means on hover. The word is always there:
// no state is told by colour alone.
import { Tooltip } from '@mantine/core';
import type { TransactionView } from '@concordat/wire';
import type { Harm, Observed } from '@concordat/wire/operations';
import type { ReactNode } from 'react';
import classes from './Badges.module.css';
import type { Outcome, Tone, Word } from './words.js';
import { decisionWords, harmWords, observedWords, outcomeWords, protocolWords } from './words.js';

interface StateBadgeProps {
  readonly tone: Tone;
  readonly means?: string | undefined;
  readonly children: ReactNode;
}

export function StateBadge({ tone, means, children }: StateBadgeProps) {
  const badge = (
    <span className={classes['badge']} data-tone={tone}>
      {children}
    </span>
  );
  if (means === undefined) return badge;
  return (
    <Tooltip label={means} multiline maw={320} withArrow>
      {badge}
    </Tooltip>
  );
}

/** Of a table of words: its tone, its label, what it means. */
export const WordBadge = ({ tone, label, means }: Word) => (
  <StateBadge tone={tone} means={means}>
    {label}
  </StateBadge>
);

export const HarmBadge = ({ harm }: { readonly harm: Harm }) => <WordBadge {...harmWords[harm]} />;

export const OutcomeBadge = ({ outcome }: { readonly outcome: Outcome }) => (
  <WordBadge {...outcomeWords[outcome]} />
);

export const ObservedBadge = ({ observed }: { readonly observed: Observed }) => (
  <WordBadge {...observedWords[observed]} />
);

interface DecisionProps {
  readonly decision: TransactionView['decision'];
}
export const DecisionBadge = ({ decision }: DecisionProps) => (
  <WordBadge {...decisionWords[decision]} />
);

interface ProtocolProps {
  readonly protocol: TransactionView['protocol'];
}
export const ProtocolMark = ({ protocol }: ProtocolProps) => (
  <Tooltip label={protocolWords[protocol]} withArrow>
    <span className={classes['protocol']}>{protocol}</span>
  </Tooltip>
);

interface PhaseProps {
  readonly transaction: Pick<TransactionView, 'phase' | 'outcome'>;
}
/** Where it is; once it has ended, how. */
export function PhaseBadge({ transaction: { phase, outcome } }: PhaseProps) {
  if (outcome !== undefined) return <OutcomeBadge outcome={outcome} />;
  return <StateBadge tone="wait">{phase.replaceAll('-', ' ')}</StateBadge>;
}
