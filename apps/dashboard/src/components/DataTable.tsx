// A table for many rows: by keyboard (j, k, arrows, Enter, x), selectable, and on a phone a list of
// cards. Paging is by cursor (KeysetPages.tsx): it stays as fast on the last page as on the first.
import { Checkbox } from '@mantine/core';
import type { KeyboardEvent, ReactNode } from 'react';
import classes from './DataTable.module.css';
import { Table } from './Table.js';
import type { Tone } from './words.js';

export interface Column<T> {
  readonly key: string;
  /** Text: on a phone it stands before each value. */
  readonly header: string;
  readonly cell: (row: T) => ReactNode;
  readonly align?: 'right';
  /** Takes the width that is left. */
  readonly grow?: boolean;
  /** Names the row to screen readers. */
  readonly isRowHeader?: boolean;
}

export interface Selection {
  readonly selected: ReadonlySet<string>;
  readonly onChange: (selected: ReadonlySet<string>) => void;
}

interface DataTableProps<T> {
  /** What is in it, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly rowKey: (row: T) => string;
  readonly rowTone?: (row: T) => Tone;
  readonly onOpen?: (row: T) => void;
  readonly selection?: Selection;
  /** In the place of rows where there are none. */
  readonly empty: ReactNode;
}

export function DataTable<T>(props: DataTableProps<T>) {
  const { label, columns, rows, rowKey, selection, empty } = props;
  if (rows.length === 0) return empty;
  return (
    <div className={classes['scroll']}>
      <Table
        label={label}
        className={classes['rows']}
        cardsUpTo="48em"
        onKeyDown={walk}
        head={
          <>
            {selection !== undefined && (
              <th role="columnheader" className={classes['check']}>
                <SelectAll keys={rows.map(rowKey)} selection={selection} />
              </th>
            )}
            {columns.map(({ key, header, align, grow }) => (
              <th
                key={key}
                role="columnheader"
                data-align={align}
                data-grow={grow === true || undefined}
              >
                {header}
              </th>
            ))}
          </>
        }
      >
        {rows.map((row, index) => (
          <Row key={rowKey(row)} {...props} row={row} isFirst={index === 0} />
        ))}
      </Table>
    </div>
  );
}

interface RowProps<T> extends DataTableProps<T> {
  readonly row: T;
  readonly isFirst: boolean;
}

function Row<T>({ row, isFirst, columns, rowKey, rowTone, onOpen, selection }: RowProps<T>) {
  const key = rowKey(row);
  const isSelected = selection?.selected.has(key);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget) return;
    if (event.key === 'Enter') onOpen?.(row);
    if (event.key === 'x' && selection !== undefined) toggle(selection, key);
  };
  return (
    <tr
      role="row"
      data-row={key}
      data-tone={rowTone?.(row)}
      aria-selected={isSelected}
      tabIndex={isFirst ? 0 : -1}
      onKeyDown={onKeyDown}
    >
      {selection !== undefined && (
        <td role="cell" className={classes['check']}>
          <Checkbox
            size="xs"
            checked={isSelected ?? false}
            onChange={() => toggle(selection, key)}
            aria-label={`select ${key}`}
          />
        </td>
      )}
      {columns.map((column) => (
        <Cell key={column.key} column={column} row={row} />
      ))}
    </tr>
  );
}

function Cell<T>({ column, row }: { readonly column: Column<T>; readonly row: T }) {
  const { header, cell, align, isRowHeader } = column;
  const content = <div className={classes['value']}>{cell(row)}</div>;
  if (isRowHeader === true) {
    return (
      <th role="rowheader" scope="row" data-label={header} data-align={align}>
        {content}
      </th>
    );
  }
  return (
    <td role="cell" data-label={header} data-align={align}>
      {content}
    </td>
  );
}

interface SelectAllProps {
  readonly keys: readonly string[];
  readonly selection: Selection;
}

function SelectAll({ keys, selection: { selected, onChange } }: SelectAllProps) {
  const count = keys.filter((key) => selected.has(key)).length;
  const isAll = count === keys.length;
  return (
    <Checkbox
      size="xs"
      checked={isAll}
      indeterminate={count > 0 && !isAll}
      onChange={() => onChange(new Set(isAll ? [] : keys))}
      aria-label="select every row of this page"
    />
  );
}

function toggle({ selected, onChange }: Selection, key: string): void {
  const next = new Set(selected);
  if (!next.delete(key)) next.add(key);
  onChange(next);
}

const STEPS: Readonly<Record<string, -1 | 1>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

/** From row to row; within a row, Tab goes on as everywhere. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key];
  const isTyping = event.target instanceof HTMLElement && event.target.matches('input:not([type])');
  if (step === undefined || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>(':scope > [data-row]')];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
}
