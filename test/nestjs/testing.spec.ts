// The testing module: the real engine without a network, time that a test moves, and a coordinator
// that dies at every boundary there is.
import {
  Cancel,
  Concordat,
  Confirm,
  refused,
  Saga,
  Step,
  TccParticipant,
  Try,
} from '@concordat/nestjs';
import { ConcordatTesting, ConcordatTestingModule } from '@concordat/nestjs/testing';
import type { Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, onTestFinished, test } from 'vitest';

/** By order, so that a call that comes twice does nothing twice. */
const effects = { reserved: new Set<string>(), charged: new Set<string>() };
const failures = { charge: 0 };

@Saga({ name: 'checkout' })
class Checkout {
  @Step({ compensate: 'release' })
  async reserve(order: string): Promise<void> {
    effects.reserved.add(order);
  }
  async release(order: string): Promise<void> {
    effects.reserved.delete(order);
  }
  @Step({ pivot: true })
  async charge(order: string) {
    if (failures.charge-- > 0) throw new Error('not yet');
    if (order.startsWith('poor')) return refused('no money');
    effects.charged.add(order);
    return { receipt: order };
  }
}

@TccParticipant({ name: 'seat' })
class Seat {
  readonly heard: string[] = [];
  @Try()
  async hold(): Promise<void> {
    this.heard.push('try');
  }
  @Confirm()
  async settle(): Promise<void> {
    this.heard.push('confirm');
  }
  @Cancel()
  async free(): Promise<void> {
    this.heard.push('cancel');
  }
}

async function testingWith(...providers: readonly Provider[]) {
  const app = await Test.createTestingModule({
    imports: [ConcordatTestingModule.forRoot()],
    providers: [...providers],
  }).compile();
  onTestFinished(() => app.close());
  await app.init();
  return { app, concordat: app.get(Concordat), testing: app.get(ConcordatTesting) };
}

describe('the testing module', () => {
  test('runs a saga without a network', async () => {
    const { concordat } = await testingWith(Checkout);
    const run = await concordat.saga(Checkout).run('one');
    expect(run).toMatchObject({ outcome: 'committed', results: { charge: { receipt: 'one' } } });
    for await (const { name, outcome } of concordat.list({ outcome: 'committed' })) {
      expect({ name, outcome }).toEqual({ name: 'checkout', outcome: 'committed' });
    }
  });

  test('runs what is tried and confirmed', async () => {
    const { app, concordat } = await testingWith(Seat);
    expect(await concordat.tcc({ a: [Seat, null] }).run()).toMatchObject({ outcome: 'committed' });
    expect(app.get(Seat).heard).toEqual(['try', 'confirm']);
  });

  test('repeats nothing before the test lets time pass', async () => {
    const { concordat, testing } = await testingWith(Checkout);
    failures.charge = 1;
    const running = concordat.saga(Checkout).run('later', { waitMs: 0 });
    await testing.clock.advance(0);
    const { gtid, state } = await running;
    expect(state).toBe('running');
    expect(effects.charged.has('later')).toBe(false);
    await testing.untilAllEnded();
    expect(await concordat.get(gtid)).toMatchObject({ outcome: 'committed' });
    expect(effects.charged.has('later')).toBe(true);
  });
});

describe('a coordinator that dies at each boundary', () => {
  test.each(['rich', 'poor'])('leaves no %s order half done', async (kind) => {
    const { concordat, testing } = await testingWith(Checkout);
    let round = 0;
    const boundaries: string[] = [];
    const scenario = () => concordat.saga(Checkout).run(`${kind} ${(round += 1)}`);
    for await (const crash of testing.crashes(scenario)) {
      const order = `${kind} ${round}`;
      boundaries.push(crash.at);
      expect(effects.reserved.has(order), crash.at).toBe(effects.charged.has(order));
      const isDone = kind === 'rich' && crash.boundary > 1;
      expect(effects.charged.has(order), crash.at).toBe(isDone);
    }
    expect(boundaries.slice(0, 3)).toEqual([
      'before append of version 1',
      'after append of version 1',
      'before execute of reserve',
    ]);
    expect(boundaries).toContain('after execute of charge');
    expect(round).toBe(boundaries.length + 1);
  });
});
