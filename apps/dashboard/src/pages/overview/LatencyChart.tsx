import { LineChart } from '@mantine/charts';
import type { OverviewView } from '@concordat/wire/operations';
import { latency } from '../../components/numbers.js';
import { clock } from '../../components/moments.js';
import { protocols } from '../../components/words.js';
import { ChartPanel } from './ChartPanel.js';
import type { Protocol } from './series.js';
import { hasLonePoint, latencyRows } from './series.js';

const percentiles = [
  { name: 'p50', label: 'p50', color: 'var(--series-fine)' },
  { name: 'p95', label: 'p95', color: 'var(--series-attention)' },
  { name: 'p99', label: 'p99', color: 'var(--series-danger)' },
] as const;
const COLORS = ['--series-wait', '--series-special', '--series-attention', '--series-fine'];
const ofProtocols = protocols.map((name, index) => ({
  name,
  label: name,
  color: `var(${COLORS[index]})`,
}));

interface LatencyChartProps {
  readonly overview: OverviewView;
  readonly protocol: Protocol | undefined;
}

/** From begin to end. */
export function LatencyChart({ overview, protocol }: LatencyChartProps) {
  const rows = latencyRows(overview, protocol);
  const lines = protocol === undefined ? ofProtocols : percentiles;
  const what = protocol === undefined ? 'p95 by protocol' : `${protocol}: p50, p95, p99`;
  return (
    <ChartPanel
      title={`Latency, ${what}`}
      rows={rows}
      columns={lines}
      format={latency}
      isComplete={overview.missing.length === 0}
    >
      <LineChart
        h={230}
        data={rows.map((row) => ({ ...row, at: clock(row.at).slice(0, 5) }))}
        dataKey="at"
        series={[...lines]}
        curveType="linear"
        withDots={lines.some(({ name }) => hasLonePoint(rows, name))}
        tickLine="none"
        gridAxis="x"
        connectNulls={false}
        valueFormatter={latency}
        xAxisProps={{ minTickGap: 40 }}
        yAxisProps={{ width: 62 }}
        lineProps={{ isAnimationActive: false }}
      />
    </ChartPanel>
  );
}
