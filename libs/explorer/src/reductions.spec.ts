// What the search leaves out must not change what it finds (R2, R6 of system.ts).
import type { BranchId } from '@concordat/protocols';
import { obey } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import type { Stood } from './ballot-participant.js';
import { ballotParticipant, isDeaf } from './ballot-participant.js';
import { plan, shippedCoordinator } from './coordinator.js';
import { canonical } from './intern.js';
import type { Parts } from './parts.js';
import type { ShippedSurrogate } from './shipped-surrogate.js';
import { shippedSurrogate } from './shipped-surrogate.js';
import { StateTable } from './state-table.js';
import { System } from './system.js';
import { boundedElections, threePhaseParts } from './three-phase-model.js';

const plans = [plan('a'), plan('b')];
const roster = plans.map(({ id }) => id);

const shipped = threePhaseParts({
  branches: roster,
  coordinator: boundedElections(
    shippedCoordinator({ protocol: '3pc', plans, begins: ['driven'], failures: true }),
    1,
  ),
  participants: ballotParticipant({ roster, mayRefuse: true, obey }),
  surrogates: shippedSurrogate(roster, 1),
  seats: [0, 1],
  mustCommit: false,
  checks: 'everything',
  messagesMax: 2_048,
});

type Reached = { readonly states: number; readonly places: ReadonlySet<string> };

/** Every decision of the coordinator, with every way in which members stand and surrogates act. */
function reached<Surrogate>(parts: Parts<Stood, Surrogate>): Reached {
  const model = new System(parts);
  const table = new StateTable(model.width);
  const places = new Set<string>();
  model.begin((state) => table.add(state, 0));
  for (let id = 0; id < table.size; id++) {
    const state = table.at(id);
    const { coordinator, participants, seats } = model.viewOf(state);
    const { decision } = parts.coordinator.summaryOf(coordinator.transaction);
    const acts = seats.map(({ surrogate }) => surrogate && parts.surrogates?.describe(surrogate));
    places.add(canonical({ decision, participants, acts }));
    model.successors(state, (next) => table.add(next, id));
  }
  return { states: table.size, places };
}

describe('the same places are reached', () => {
  const all = reached(shipped);

  test('if the coordinator and the surrogates forget nothing', () => {
    const { coordinator, surrogates } = shipped;
    const forgetsNothing: ShippedSurrogate = {
      ...(surrogates ?? shippedSurrogate(roster, 1)),
      essenceOf: (surrogate) => surrogate,
    };
    const more = reached({
      ...shipped,
      coordinator: { ...coordinator, essenceOf: (transaction) => transaction },
      surrogates: forgetsNothing,
    });
    expect(more.states).toBeGreaterThan(all.states);
    expect(more.places).toEqual(all.places);
  });

  test('if no message is taken from the network because a member is deaf to it', () => {
    const { participants } = shipped;
    const more = reached({ ...shipped, participants: { ...participants, isDeafTo: () => false } });
    expect(more.states).toBeGreaterThan(all.states);
    expect(more.places).toEqual(all.places);
  });
});

test('who is deaf to a call stays deaf to it, and is not changed by it', () => {
  const calls = (['can-commit', 'elect', 'pre-commit', 'pre-abort', 'do-commit', 'abort'] as const)
    .flatMap((operation) => [0, 1, 2, 3].map((ballot) => ({ operation, ballot })))
    .map((call) => ({ ...call, branch: 'a' as BranchId, token: 1 }));
  const member = ballotParticipant({ roster, mayRefuse: true, obey });
  const standings = new Map<string, Stood>([[canonical(member.fresh), member.fresh]]);
  for (const standing of standings.values()) {
    for (const call of calls) {
      for (const { standing: next } of member.answersTo(standing, call)) {
        standings.set(canonical(next), next);
        if (isDeaf(standing, call)) expect(next).toEqual(standing);
        const kept = calls.filter((other) => isDeaf(standing, other));
        expect(kept.filter((other) => !isDeaf(next, other))).toEqual([]);
      }
    }
  }
  expect(standings.size).toBeGreaterThan(10);
});
