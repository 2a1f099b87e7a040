import type { IconGauge } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './Page.module.css';
import type { Tone } from './words.js';

interface EmptyStateProps {
  readonly icon: typeof IconGauge;
  /** Whether that there is nothing is good. */
  readonly tone?: Tone;
  readonly title: string;
  readonly children?: ReactNode;
}

/** Says why there is nothing, and what could be done. */
export function EmptyState({ icon: Icon, tone = 'neutral', title, children }: EmptyStateProps) {
  return (
    <div className={classes['empty']} data-tone={tone}>
      <Icon size={34} stroke={1.4} aria-hidden="true" />
      <p className={classes['emptyTitle']}>{title}</p>
      {children !== undefined && <div className={classes['emptyText']}>{children}</div>}
    </div>
  );
}
