// The frame of every table of rows. Where there is no room for columns, each row is a card; the
// roles are said, for as cards the rows would lose them.
import type { KeyboardEventHandler, ReactNode } from 'react';
import { useIsAtMost } from './room.js';
import classes from './Table.module.css';

interface TableProps {
  /** What is in it, for screen readers. */
  readonly label: string;
  /** The column headers: of cards, for screen readers alone. */
  readonly head: ReactNode;
  /** The width of the window up to which it is cards. */
  readonly cardsUpTo: string;
  /** What is particular to it. */
  readonly className: string | undefined;
  readonly onKeyDown?: KeyboardEventHandler;
  /** The rows. */
  readonly children: ReactNode;
}

export function Table({ label, head, cardsUpTo, className, onKeyDown, children }: TableProps) {
  const isCards = useIsAtMost(cardsUpTo);
  return (
    <table
      className={[classes['table'], className].join(' ')}
      data-cards={isCards || undefined}
      role="table"
      aria-label={label}
    >
      <thead role="rowgroup">
        <tr role="row">{head}</tr>
      </thead>
      <tbody role="rowgroup" onKeyDown={onKeyDown}>
        {children}
      </tbody>
    </table>
  );
}
