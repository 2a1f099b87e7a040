// A page: its heading, what could not be asked, its content.
import { Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useEffect } from 'react';
import type { Missing as MissingParts } from '../api/queries.js';
import { Missing } from './Missing.js';
import classes from './Page.module.css';

interface PageProps {
  readonly title: string;
  /** In the place of the title, where it is more than text. */
  readonly heading?: ReactNode;
  /** To the right of the heading. */
  readonly aside?: ReactNode;
  readonly missing?: MissingParts | undefined;
  readonly children: ReactNode;
}

export function Page({ title, heading, aside, missing = [], children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Concordat`;
  }, [title]);
  return (
    <div className={classes['page']}>
      <div className={classes['head']}>
        <Title order={1}>{heading ?? title}</Title>
        <div className={classes['aside']}>{aside}</div>
      </div>
      <Missing missing={missing} />
      {children}
    </div>
  );
}
