import { BarChart } from '@mantine/charts';
import type { OverviewView } from '@concordat/wire/operations';
import { clock } from '../../components/moments.js';
import type { Outcome } from '../../components/words.js';
import { outcomeWords } from '../../components/words.js';
import { ChartPanel } from './ChartPanel.js';
import type { Protocol } from './series.js';
import { endedRows, outcomesIn } from './series.js';

const colors: { readonly [O in Outcome]: string } = {
  committed: 'var(--series-fine)',
  'rolled-back': 'var(--series-plain)',
  'partly-compensated': 'var(--series-attention)',
  'heuristic-commit': 'var(--series-danger)',
  'heuristic-rollback': 'var(--series-danger)',
  'heuristic-mixed': 'var(--series-danger)',
  'heuristic-hazard': 'var(--series-special)',
};

interface EndedChartProps {
  readonly overview: OverviewView;
  readonly protocol: Protocol | undefined;
  /** As in “per 1 min”. */
  readonly interval: string;
}

export function EndedChart({ overview, protocol, interval }: EndedChartProps) {
  const rows = endedRows(overview, protocol);
  const present = outcomesIn(rows);
  const lines = present.map((outcome) => ({
    name: outcome,
    label: outcomeWords[outcome].label,
    color: colors[outcome],
  }));
  return (
    <ChartPanel
      title={`Ended per ${interval}, by outcome`}
      rows={rows}
      columns={lines}
      isComplete={overview.missing.length === 0}
    >
      <BarChart
        h={230}
        data={rows.map((row) => ({ ...row, at: clock(row.at).slice(0, 5) }))}
        dataKey="at"
        type="stacked"
        series={lines}
        tickLine="none"
        gridAxis="x"
        xAxisProps={{ minTickGap: 40 }}
        yAxisProps={{ width: 44, allowDecimals: false }}
        barProps={{ isAnimationActive: false, maxBarSize: 28 }}
      />
    </ChartPanel>
  );
}
