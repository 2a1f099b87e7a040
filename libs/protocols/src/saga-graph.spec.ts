import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graphFault, withPivotLast } from './saga-graph.js';
import type { BranchId } from './vocabulary.js';

interface Step {
  readonly id: BranchId;
  readonly dependsOn: readonly BranchId[];
  readonly pivot: boolean;
}

/** `c: a b !` is the step c, which depends on a and b and is the pivot. */
function steps(...lines: readonly string[]): readonly Step[] {
  return lines.map((line) => {
    const [id = '', rest = ''] = line.split(':');
    const words = rest.split(' ').filter((word) => word !== '');
    return {
      id: id as BranchId,
      dependsOn: words.filter((word) => word !== '!') as BranchId[],
      pivot: words.includes('!'),
    };
  });
}

describe('the steps have no fault', () => {
  test.each([
    ['if there are none', []],
    ['if one depends on nothing', ['a:']],
    ['if they are in another order than they run in', ['c: b', 'b: a', 'a:']],
    ['if they are a diamond', ['a:', 'b: a', 'c: a', 'd: b c']],
    ['if a dependency is named twice', ['a:', 'b: a a']],
    ['if one is the pivot', ['a:', 'b: a !']],
    ['if they are called what objects have already', ['__proto__:', 'constructor: __proto__']],
  ])('%s', (_, lines) => {
    expect(graphFault(steps(...lines))).toBeUndefined();
  });
});

describe('the steps have a fault', () => {
  test.each([
    [['a: b'], { kind: 'unknown-dependency', branch: 'a', on: 'b' }],
    [['a: __proto__'], { kind: 'unknown-dependency', branch: 'a', on: '__proto__' }],
    [['a: toString'], { kind: 'unknown-dependency', branch: 'a', on: 'toString' }],
    [['a: a'], { kind: 'cycle', branch: 'a' }],
    [['__proto__: __proto__'], { kind: 'cycle', branch: '__proto__' }],
    [['a: b', 'b: c', 'c: a'], { kind: 'cycle', branch: 'a' }],
    [['behind: b', 'a:', 'b: a c', 'c: b'], { kind: 'cycle', branch: 'b' }],
    [['a: !', 'b: !'], { kind: 'second-pivot', branch: 'b' }],
  ])('%j: %j', (lines, fault) => {
    expect(graphFault(steps(...lines))).toEqual(fault);
  });

  test('at a branch that is on a cycle, and not only behind one', () => {
    const graphs = fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 8, maxLength: 8 });
    const names = fc.property(graphs, (edges) => {
      const graph = steps(...edges.map((on, id) => `${id}: ${on.join(' ')}`));
      const cyclic = graph.filter(({ id }) => reachable(graph, id).has(id)).map(({ id }) => id);
      const fault = graphFault(graph);
      return fault === undefined ? cyclic.length === 0 : cyclic.includes(fault.branch);
    });
    expect(fc.check(names, { numRuns: 2_000 }).counterexample).toBeNull();
  });

  test('however many steps there are, and however often they name each other', () => {
    const chain = Array.from({ length: 5_000 }, (_, index) =>
      index === 0 ? '0:' : `${index}: ${index - 1} ${index - 1}`,
    );
    expect(graphFault(steps(...chain))).toBeUndefined();
    expect(graphFault(steps(...chain, 'a: 4999 b', 'b: a'))).toMatchObject({ kind: 'cycle' });
  });
});

describe('the pivot', () => {
  test('waits for every step that does not come after it, and nothing else changes', () => {
    const graph = steps('a:', 'pay: !', 'b: a', 'ship: pay', 'mail: ship b');
    expect(withPivotLast(graph)).toEqual(
      steps('a:', 'pay: a b !', 'b: a', 'ship: pay', 'mail: ship b'),
    );
  });

  test('leaves the graph without a cycle', () => {
    const graph = steps('a:', 'pay: a !', 'b: a', 'ship: pay b');
    expect(graphFault(withPivotLast(graph))).toBeUndefined();
  });

  test('changes nothing where there is none', () => {
    const graph = steps('a:', 'b: a');
    expect(withPivotLast(graph)).toBe(graph);
  });
});

function reachable(graph: readonly Step[], from: BranchId): ReadonlySet<BranchId> {
  const found = new Set(graph.find(({ id }) => id === from)?.dependsOn);
  for (const id of found) {
    for (const next of graph.find((step) => step.id === id)?.dependsOn ?? []) found.add(next);
  }
  return found;
}
