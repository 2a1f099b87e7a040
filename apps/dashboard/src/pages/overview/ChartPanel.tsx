import { Button } from '@mantine/core';
import { IconChartBar, IconTable } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { EmptyState } from '../../components/EmptyState.js';
import { count } from '../../components/numbers.js';
import { Panel } from '../../components/Panel.js';
import { clock } from '../../components/moments.js';
import classes from './Overview.module.css';
import type { Row } from './series.js';

export interface Line {
  readonly name: string;
  readonly label: string;
  readonly color: string;
}

interface ChartPanelProps {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Line[];
  readonly format?: (value: number | null) => string;
  /** Whether all that was to be asked has answered. */
  readonly isComplete: boolean;
  /** The chart. */
  readonly children: ReactNode;
}

/** A chart, or the same as a table: for screen readers, and for exact numbers. */
export function ChartPanel(props: ChartPanelProps) {
  const { title, rows, columns, format = plain, isComplete, children } = props;
  const [isTable, setIsTable] = useState(false);
  if (rows.length === 0 || columns.length === 0) {
    return (
      <Panel title={title}>
        <EmptyState
          icon={IconChartBar}
          title={`Nothing has ended in this time${isComplete ? '' : ', as far as could be asked'}`}
        />
      </Panel>
    );
  }
  const toggle = (
    <Button
      size="compact-xs"
      variant="default"
      leftSection={isTable ? <IconChartBar size={14} /> : <IconTable size={14} />}
      onClick={() => setIsTable(!isTable)}
    >
      {isTable ? 'As a chart' : 'As a table'}
    </Button>
  );
  return (
    <Panel title={title} aside={toggle}>
      {isTable ? (
        <NumbersTable title={title} rows={rows} columns={columns} format={format} />
      ) : (
        <div role="figure" aria-label={`${title}. The same is there as a table.`}>
          {children}
          <ul className={classes['legend']}>
            {columns.map(({ name, label, color }) => (
              <li key={name}>
                <span style={{ background: color }} /> {label}
              </li>
            ))}
            <li>times are UTC</li>
          </ul>
        </div>
      )}
    </Panel>
  );
}

type NumbersTableProps = Required<Omit<ChartPanelProps, 'children' | 'isComplete'>>;

function NumbersTable({ title, rows, columns, format }: NumbersTableProps) {
  return (
    // it scrolls, so it can be reached by the keyboard
    <div className={classes['numbers']} tabIndex={0} role="region" aria-label={title}>
      <table aria-label={title}>
        <thead>
          <tr>
            <th scope="col">From, UTC</th>
            {columns.map(({ name, label }) => (
              <th key={name} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.toReversed().map((row) => (
            <tr key={row.at}>
              <th scope="row">
                <time dateTime={row.at}>{clock(row.at)}</time>
              </th>
              {columns.map(({ name }) => (
                <td key={name}>{format(numberIn(row, name))}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function numberIn(row: Row, name: string): number | null {
  const value = row[name];
  return typeof value === 'number' ? value : null;
}

function plain(value: number | null): string {
  return value === null ? '–' : count(value);
}
