import { Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useId } from 'react';
import classes from './Page.module.css';

interface PanelProps {
  readonly title: ReactNode;
  readonly aside?: ReactNode;
  /** The content goes to the edges: a table. */
  readonly flush?: boolean;
  readonly children: ReactNode;
}

/** A part of a page, with a heading that screen readers can go to. */
export function Panel({ title, aside, flush = false, children }: PanelProps) {
  const id = useId();
  return (
    <section className={classes['panel']} aria-labelledby={id}>
      <div className={classes['panelHead']}>
        <Title order={2} id={id}>
          {title}
        </Title>
        <div className={classes['aside']}>{aside}</div>
      </div>
      <div className={flush ? classes['flush'] : classes['panelBody']}>{children}</div>
    </section>
  );
}
