// How it went over time. Each chart can be read as a table too.
import '@mantine/charts/styles.css';
import { SegmentedControl } from '@mantine/core';
import type { OverviewView } from '@concordat/wire/operations';
import { useState } from 'react';
import { duration } from '../../components/moments.js';
import { protocols } from '../../components/words.js';
import { EndedChart } from './EndedChart.js';
import { LatencyChart } from './LatencyChart.js';
import classes from './Overview.module.css';
import type { Protocol } from './series.js';

const ALL = 'all';

export function Charts({ overview }: { readonly overview: OverviewView }) {
  const [chosen, setChosen] = useState<string>(ALL);
  const protocol: Protocol | undefined = protocols.find((name) => name === chosen);
  const interval = duration(overview.intervalMs);
  return (
    <>
      <div className={classes['chartsHead']}>
        <SegmentedControl
          size="xs"
          aria-label="The protocol of the charts"
          value={chosen}
          onChange={setChosen}
          data={[{ value: ALL, label: 'all protocols' }, ...protocols]}
        />
      </div>
      <div className={classes['halves']}>
        <EndedChart overview={overview} protocol={protocol} interval={interval} />
        <LatencyChart overview={overview} protocol={protocol} />
      </div>
    </>
  );
}
