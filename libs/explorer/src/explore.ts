// The search: breadth first, over every state that a model can reach.
//
// B1. Exhaustive: a search that would reach more states than it may is an error, not a verdict.
// B2. Shortest: a state is reached for the first time by a shortest path, and a finding is made
//     where it is reached first. So the trace of a finding is as short as can be.
// B3. Rules of states are asked once a state, rules of steps once a step, whether or not the step
//     leads to a state that was known.
import type { State } from './state-table.js';
import { StateTable } from './state-table.js';

export type { State } from './state-table.js';

/** Is told of one state that can be next. `label` says how; it is asked only for a trace. */
export type Visit = (next: State, label: () => string) => void;

export interface Model {
  /** How many numbers a state has. */
  readonly width: number;
  begin(visit: Visit): void;
  successors(state: State, visit: Visit): void;
  /** What is wrong with a state, beginning with the name of the rule; undefined if nothing is. */
  faultOf(state: State): string | undefined;
  /** What is wrong with a step, although both of its states are right. */
  faultOfStep(before: State, after: State): string | undefined;
  /** What is wrong with a state because nothing can come after it. */
  faultOfLast(state: State): string | undefined;
}

export interface Finding {
  /** The rule that is broken, and how. */
  readonly fault: string;
  /** A shortest way to break it: one line a step. */
  readonly trace: readonly string[];
}

export interface Exploration {
  readonly states: number;
  /** Steps between states, those to a known state included. */
  readonly transitions: number;
  /** The longest of the shortest paths. */
  readonly depth: number;
  readonly finding: Finding | undefined;
}

/** @throws RangeError if there are more than `statesMax` states (B1) */
export function explore(model: Model, statesMax: number): Exploration {
  const table = new StateTable(model.width);
  let transitions = 0;
  let depth = 0;
  let finding: Finding | undefined;
  let fault: string | undefined;

  model.begin((state, label) => {
    if (table.add(state, table.size) === undefined || finding !== undefined) return;
    fault = model.faultOf(state);
    if (fault !== undefined) finding = { fault, trace: numbered([label()]) };
  });

  let endOfLevel = table.size;
  for (let id = 0; id < table.size && finding === undefined; id++) {
    if (id === endOfLevel) {
      depth++;
      endOfLevel = table.size;
    }
    const before = table.at(id);
    let last = true;
    model.successors(before, (after, label) => {
      if (finding !== undefined) return;
      last = false;
      transitions++;
      fault = model.faultOfStep(before, after);
      if (table.add(after, id) !== undefined) fault ??= model.faultOf(after);
      if (table.size > statesMax) throw new RangeError(`more than ${statesMax} states`);
      if (fault !== undefined) finding = { fault, trace: traceTo(model, table, id, label()) };
    });
    fault = last && finding === undefined ? model.faultOfLast(before) : undefined;
    if (fault !== undefined) finding = { fault, trace: traceTo(model, table, id) };
  }
  return { states: table.size, transitions, depth, finding };
}

/** The labels on the way to a state that was reached, and one more. */
function traceTo(model: Model, table: StateTable, id: number, ...last: string[]): string[] {
  const labels = last;
  let child = id;
  for (let parent = table.parentOf(child); parent !== child; parent = table.parentOf(child)) {
    labels.unshift(labelOf((visit) => model.successors(table.at(parent), visit), table.at(child)));
    child = parent;
  }
  labels.unshift(labelOf((visit) => model.begin(visit), table.at(child)));
  return numbered(labels);
}

function labelOf(visitAll: (visit: Visit) => void, wanted: State): string {
  let found: string | undefined;
  visitAll((state, label) => {
    if (found === undefined && state.every((part, i) => part === wanted[i])) found = label();
  });
  if (found === undefined) throw new Error('the model does not repeat itself');
  return found;
}

function numbered(labels: readonly string[]): string[] {
  return labels.map((label, i) => `${String(i + 1).padStart(2)}. ${label}`.trimEnd());
}
