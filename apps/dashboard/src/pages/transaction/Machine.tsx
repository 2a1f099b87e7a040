// The protocol's own machine, with where the transaction is, the way that it took, and where it can
// go from here.
import type { TransactionView } from '@concordat/wire';
import type { MachineView } from '@concordat/wire/operations';
import { IconBolt } from '@tabler/icons-react';
import { useId } from 'react';
import { Panel } from '../../components/Panel.js';
import { Time } from '../../components/Time.js';
import classes from './Machine.module.css';
import type { Arrow, Place } from './machine-layout.js';
import { drawingOf, NODE, pathOf } from './machine-layout.js';

/** Of its natural size: below it, it scrolls. */
const SMALLEST = 0.78;
const LINE_HEIGHT = 13;
/** From below. */
const LAYERS: readonly Arrow['kind'][] = ['other', 'next', 'taken'];
const LINE_LENGTH_MAX = 14;

interface MachineProps {
  readonly machine: MachineView;
  readonly protocol: TransactionView['protocol'];
}

export function Machine({ machine, protocol }: MachineProps) {
  const { at, visited, edges, ifItCrashed } = machine;
  const next = edges.filter(({ from }) => from === at);
  return (
    <Panel title="Where it is in its protocol">
      <div className={classes['columns']}>
        {/* it scrolls on a phone, so it can be reached by the keyboard */}
        <div className={classes['scroll']} tabIndex={0} role="region" aria-label="State diagram">
          <Diagram machine={machine} protocol={protocol} />
        </div>
        <dl className={classes['words']}>
          <dt>The way it took, UTC</dt>
          <dd>
            <ol className={classes['way']}>
              {visited.map(({ phase, at: since }, index) => (
                <li key={`${index} ${phase}`}>
                  {spaced(phase)} <Time at={since} as="precise" />
                </li>
              ))}
            </ol>
          </dd>
          <dt>From here</dt>
          <dd>
            {next.length === 0
              ? 'Nowhere: it has ended.'
              : next.map(({ to, when }) => (
                  <div key={to}>
                    {when} → <strong>{spaced(to)}</strong>
                  </div>
                ))}
          </dd>
          <dt>
            <IconBolt size={14} aria-hidden="true" /> If the coordinator crashed now
          </dt>
          <dd>{ifItCrashed}</dd>
        </dl>
      </div>
    </Panel>
  );
}

function Diagram({ machine, protocol }: MachineProps) {
  const { width, height, places, arrows } = drawingOf(machine, protocol);
  const id = useId();
  const visited = new Set(machine.visited.map(({ phase }) => phase));
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      className={classes['diagram']}
      style={{ width, minWidth: width * SMALLEST }}
      role="img"
      aria-label={inWords(machine)}
    >
      <defs>
        {LAYERS.map((kind) => (
          <marker
            key={kind}
            id={`${id}-${kind}`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerUnits="userSpaceOnUse"
            markerWidth="9"
            markerHeight="9"
            orient="auto-start-reverse"
            className={classes[kind]}
          >
            <path d="M0,0 L8,4 L0,8 z" />
          </marker>
        ))}
      </defs>
      {/* the way that was taken lies above */}
      {arrows
        .toSorted((a, b) => LAYERS.indexOf(a.kind) - LAYERS.indexOf(b.kind))
        .map((arrow) => (
          <Edge key={`${arrow.from.phase} ${arrow.to.phase}`} arrow={arrow} markers={id} />
        ))}
      {places.map((place) => (
        <Node
          key={place.phase}
          place={place}
          is={place.phase === machine.at ? 'now' : visited.has(place.phase) ? 'visited' : 'ahead'}
        />
      ))}
    </svg>
  );
}

function Edge({ arrow, markers }: { readonly arrow: Arrow; readonly markers: string }) {
  const { kind } = arrow;
  return (
    <path
      d={pathOf(arrow)}
      className={classes['edge']}
      data-kind={kind}
      markerEnd={`url(#${markers}-${kind})`}
    >
      <title>{arrow.when}</title>
    </path>
  );
}

interface NodeProps {
  readonly place: Place;
  readonly is: 'now' | 'visited' | 'ahead';
}

function Node({ place: { phase, x, y }, is }: NodeProps) {
  const lines = linesOf(phase);
  const first = NODE.height / 2 + 4 - ((lines.length - 1) * LINE_HEIGHT) / 2;
  return (
    <g className={classes['node']} data-is={is} transform={`translate(${x} ${y})`}>
      <rect width={NODE.width} height={NODE.height} rx="8" />
      <text textAnchor="middle">
        {lines.map((line, index) => (
          <tspan key={line} x={NODE.width / 2} y={first + index * LINE_HEIGHT}>
            {line}
          </tspan>
        ))}
      </text>
    </g>
  );
}

/** What the drawing shows, for whoever does not see it. */
function inWords({ at, visited, phases }: MachineView): string {
  const way = visited.map(({ phase }) => spaced(phase)).join(', then ');
  return `Of the phases ${phases.map(spaced).join(', ')}: it went ${way}. Now it is ${spaced(at)}.`;
}

/** One line, or two. */
function linesOf(phase: string): readonly string[] {
  const text = spaced(phase);
  const at = text.indexOf(' ');
  if (text.length <= LINE_LENGTH_MAX || at < 0) return [text];
  return [text.slice(0, at), text.slice(at + 1)];
}

function spaced(phase: string): string {
  return phase.replaceAll('-', ' ');
}
