import type { ReactNode } from 'react';
import classes from './Footer.module.css';

/** The buttons of a dialog, in reach however long the dialog is. */
export function Footer({ children }: { readonly children: ReactNode }) {
  return <div className={classes['footer']}>{children}</div>;
}
