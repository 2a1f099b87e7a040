// Where the phases of a protocol stand in the drawing, and the ways between them. Pure.
//
// L1. Time goes to the right. The way to commit is above, the way back below, what is decided by
//     nobody alone between them. The places are chosen by hand: there are four protocols.
// L2. A phase that has no place here (of a later server) stands below the others, and is not lost.
import type { TransactionView } from '@concordat/wire';
import type { MachineView } from '@concordat/wire/operations';

type Protocol = TransactionView['protocol'];
/** Column and row; halves are allowed. */
type Cell = readonly [number, number];

const cells: { readonly [P in Protocol]: Readonly<Record<string, Cell>> } = {
  '2pc': {
    active: [0, 1],
    preparing: [1, 1],
    committing: [2, 0],
    'committing-one-phase': [2, 1],
    'rolling-back': [2, 2],
    ended: [3, 1],
  },
  '3pc': {
    active: [0, 1],
    voting: [1, 1],
    'pre-committing': [2, 0],
    electing: [2, 1],
    'pre-aborting': [2, 2],
    committing: [3, 0],
    aborting: [3, 2],
    ended: [4, 1],
  },
  tcc: {
    active: [0, 1],
    trying: [1, 1],
    confirming: [2, 0.3],
    cancelling: [2, 1.7],
    ended: [3, 1],
  },
  saga: {
    forward: [0, 0],
    pivoting: [1, 0],
    completing: [2, 0],
    backward: [2, 1.2],
    ended: [3, 0],
  },
};

export interface Place {
  readonly phase: string;
  readonly x: number;
  readonly y: number;
}
export interface Arrow {
  readonly from: Place;
  readonly to: Place;
  readonly when: string;
  /** `next`: it leads away from where the transaction is. */
  readonly kind: 'taken' | 'next' | 'other';
}
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly places: readonly Place[];
  readonly arrows: readonly Arrow[];
}

export const NODE = { width: 112, height: 38 } as const;
const STEP = { x: 150, y: 60 } as const;
const MARGIN = 6;
/** Two ways between the same two places lie beside each other. */
const LANE = 9;

export function drawingOf(machine: MachineView, protocol: Protocol): Drawing {
  const places = placesOf(machine.phases, cells[protocol]);
  const right = Math.max(...places.map(({ x }) => x));
  const bottom = Math.max(...places.map(({ y }) => y));
  return {
    width: right + NODE.width + MARGIN,
    height: bottom + NODE.height + MARGIN,
    places,
    arrows: arrowsOf(machine, places),
  };
}

function placesOf(phases: readonly string[], of: Readonly<Record<string, Cell>>): readonly Place[] {
  const strangers = phases.filter((phase) => of[phase] === undefined);
  return phases.map((phase) => {
    const [column, row] = of[phase] ?? [strangers.indexOf(phase), 3]; // L2
    return { phase, x: MARGIN + column * STEP.x, y: MARGIN + row * STEP.y };
  });
}

function arrowsOf(machine: MachineView, places: readonly Place[]): readonly Arrow[] {
  const steps = machine.visited.map(({ phase }) => phase);
  return machine.edges.flatMap(({ from, to, when }) => {
    const start = places.find(({ phase }) => phase === from);
    const end = places.find(({ phase }) => phase === to);
    if (start === undefined || end === undefined) return [];
    const wasTaken = steps.some((phase, index) => phase === from && steps[index + 1] === to);
    const kind = wasTaken ? 'taken' : from === machine.at ? 'next' : 'other';
    return [{ from: start, to: end, when, kind }];
  });
}

/** The path of an arrow, as SVG writes it. */
export function pathOf({ from, to }: Pick<Arrow, 'from' | 'to'>): string {
  if (to.x === from.x) return verticalPath(from, to);
  return to.x > from.x ? forwardPath(from, to) : backwardPath(from, to);
}

function verticalPath(from: Place, to: Place): string {
  const isDown = to.y > from.y;
  const x = from.x + NODE.width / 2 + (isDown ? -LANE : LANE);
  return `M${x},${from.y + (isDown ? NODE.height : 0)} L${x},${to.y + (isDown ? 0 : NODE.height)}`;
}

/** What passes by others in its row goes round them. */
function forwardPath(from: Place, to: Place): string {
  const isPassing = to.y === from.y && to.x - from.x > STEP.x * 1.2;
  if (isPassing) {
    const [x, y] = [from.x + NODE.width / 2, from.y + NODE.height];
    const [endX, endY] = [to.x + NODE.width / 2, to.y + NODE.height];
    const dip = 16 + (to.x - from.x) / 24;
    return `M${x},${y} C${x + 24},${y + dip} ${endX - 24},${endY + dip} ${endX},${endY}`;
  }
  const [x, y] = [from.x + NODE.width, from.y + NODE.height / 2];
  const [endX, endY] = [to.x, to.y + NODE.height / 2];
  const bend = Math.max(18, (endX - x) / 2);
  return `M${x},${y} C${x + bend},${y} ${endX - bend},${endY} ${endX},${endY}`;
}

function backwardPath(from: Place, to: Place): string {
  const [x, endX] = [from.x + NODE.width / 2, to.x + NODE.width / 2];
  const [y, endY] = [from.y + NODE.height, to.y + NODE.height];
  const dip = STEP.y / 2;
  return `M${x},${y} C${x},${y + dip} ${endX},${endY + dip} ${endX},${endY}`;
}
