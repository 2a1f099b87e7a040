// A coordinator that is asked to stop while people look on and work goes on in bulk.
import { expect, test } from 'vitest';
import { AUTHORIZED } from '../support/api-key.js';
import { at, openWorld } from './world.js';

test('it ends the streams of events, and is gone within its time', async () => {
  const { people, participants, coordinator } = await openWorld();
  const { root, operator } = people;
  const slow = participants.add().answers('commit', { status: 503 });
  const branches = [at('slow', slow), at('other', participants.add())];
  for (let begun = 0; begun < 20; begun++) {
    await root.begin({ protocol: '2pc', name: 'many', branches }, { prefer: 'respond-async' });
  }
  const bulk = { action: 'retry', filter: { name: 'many' }, reason: 'a test', perSecondMax: 1 };
  expect((await operator.post('/v1/operations/bulk', bulk)).status).toBe(201);
  const open = () => fetch(`${root.url}/v1/operations/events`, { headers: AUTHORIZED });
  const streams = await Promise.all([open(), open(), open()]); // their heads are there
  const { code } = await coordinator.stop();
  expect(code).toBe(0);
  for (const stream of streams) {
    expect(stream.status).toBe(200);
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    expect(await stream.text()).toMatch(/^: here\n/);
  }
  const left = coordinator.log.filter(({ msg }) => msg === 'left behind while stopping');
  expect(left).toEqual([]);
});
