import type { IconGauge } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './Page.module.css';
import type { Tone } from './words.js';

interface NoticeProps {
  readonly tone: Tone;
  readonly icon: typeof IconGauge;
  readonly children: ReactNode;
}

/** Something that must be read before the rest. */
export function Notice({ tone, icon: Icon, children }: NoticeProps) {
  return (
    <div className={classes['notice']} data-tone={tone} role={tone === 'danger' ? 'alert' : 'note'}>
      <Icon size={18} stroke={1.8} aria-hidden="true" />
      <div>{children}</div>
    </div>
  );
}
