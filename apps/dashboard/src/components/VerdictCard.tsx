// What follows from what the journal and the participants say, in words: what is so, what would
// break what, what is safe. It stands before everything else.
import {
  IconAlertOctagon,
  IconAlertTriangle,
  IconCircleCheck,
  IconHourglass,
} from '@tabler/icons-react';
import type { VerdictView } from '@concordat/wire/operations';
import type { ReactNode } from 'react';
import classes from './VerdictCard.module.css';
import { severityWords } from './words.js';

const icons = {
  fine: IconCircleCheck,
  wait: IconHourglass,
  attention: IconAlertTriangle,
  danger: IconAlertOctagon,
} as const;

interface VerdictCardProps {
  readonly verdict: VerdictView;
  /** Small, for one branch of several. */
  readonly compact?: boolean;
  /** Below it: when it was asked, what to do. */
  readonly children?: ReactNode;
}

export function VerdictCard({ verdict, compact = false, children }: VerdictCardProps) {
  const { severity, summary, consequence, safe } = verdict;
  const Icon = icons[severity];
  return (
    <div
      className={compact ? classes['compact'] : classes['card']}
      data-tone={severityWords[severity].tone}
      data-verdict={verdict.code}
    >
      <Icon size={compact ? 17 : 26} stroke={1.7} role="img" aria-label={severity} />
      <div className={classes['words']}>
        <p className={classes['summary']}>{summary}</p>
        {consequence !== '' && <p className={classes['consequence']}>{consequence}</p>}
        {compact && safe[0] !== undefined && (
          <p>
            <strong>Safe:</strong> {safe[0]}
          </p>
        )}
        {!compact && safe.length > 0 && (
          <div className={classes['safe']}>
            <span>Safe:</span>
            <ol>
              {safe.map((one) => (
                <li key={one}>{one}</li>
              ))}
            </ol>
          </div>
        )}
        {children}
      </div>
    </div>
  );
}
