import { phasesOf } from '@concordat/wire';
import type { MachineView } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { drawingOf, NODE, pathOf } from './machine-layout.js';

const machineOf = (phases: readonly string[]): MachineView => ({
  phases: [...phases],
  edges: phases.slice(1).map((to, index) => ({ from: phases[index] ?? '', to, when: 'so' })),
  at: phases[1] ?? '',
  visited: phases.slice(0, 2).map((phase) => ({ phase, at: '2026-11-21T00:00:00.000Z' })),
  ifItCrashed: '',
});

describe.each(['2pc', '3pc', 'tcc', 'saga'] as const)('the drawing of %s', (protocol) => {
  const drawing = drawingOf(machineOf(phasesOf[protocol]), protocol);

  test('has a place for every phase, and no two overlap', () => {
    const { places } = drawing;
    expect(places.map(({ phase }) => phase)).toEqual(phasesOf[protocol]);
    const overlaps = places.flatMap((a) =>
      places.filter((b) => {
        const isNear = Math.abs(a.x - b.x) < NODE.width && Math.abs(a.y - b.y) < NODE.height;
        return a.phase < b.phase && isNear;
      }),
    );
    expect(overlaps).toEqual([]);
  });

  test('holds everything that it draws', () => {
    for (const { x, y } of drawing.places) {
      expect(x + NODE.width).toBeLessThan(drawing.width);
      expect(y + NODE.height).toBeLessThan(drawing.height);
    }
  });

  test('tells the way that was taken from the ways that are open', () => {
    const kinds = drawing.arrows.map(({ from, kind }) => [from.phase, kind]);
    expect(kinds.slice(0, 2)).toEqual([
      [phasesOf[protocol][0], 'taken'],
      [phasesOf[protocol][1], 'next'],
    ]);
    expect(drawing.arrows.map(pathOf).every((path) => !path.includes('NaN'))).toBe(true);
  });
});

test('a phase that the page does not know is drawn all the same', () => {
  const { places } = drawingOf(machineOf(['active', 'dreaming', 'ended']), '2pc');
  expect(places.map(({ phase }) => phase)).toContain('dreaming');
});
