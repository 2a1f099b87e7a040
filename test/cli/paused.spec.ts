// What the command line says of a participant that is paused, and of what has waited for it.
import { expect, test } from 'vitest';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Stuck } from './stuck.js';

const banks = await ScriptedParticipants.open();
const beta = banks.add('beta');
const stuck = await Stuck.open({ CONCORDAT_PARTICIPANT_BETA: beta.url });
const { api, concordat, participants } = stuck;
const HELD_BACK = 'paused by CONCORDAT_API_KEY: it is being moved';
const RESUME = 'resume it first (concordat participants resume beta)';

test('that beta is paused is said wherever somebody looks, and to retry is refused', async () => {
  const pause = ['participants', 'pause', 'beta', '--reason', 'it is being moved'];
  expect(await concordat.tells(...pause)).toMatch(/^done: /);
  const alfa = participants.add();
  const branches = [
    { id: 'debit', participant: { url: alfa.url } },
    { id: 'credit', participant: 'beta' },
  ];
  const begin = { protocol: '2pc', name: 'rent', deadlineMs: 600_000, branches };
  const { gtid } = await api.begin(begin, { prefer: 'respond-async' });
  await api.until(gtid, 'only beta is waited for', ({ branches: [debit, credit] }) => {
    return debit?.state === 'prepared' && credit?.lastError === HELD_BACK;
  });
  const shown = await concordat.tells('show', gtid);
  expect(shown).toContain(`  credit: prepare: ${HELD_BACK}\n`);
  expect(shown).toMatch(/^ {2}beta is called by nobody: paused by CONCORDAT_API_KEY /m);
  expect(shown).toMatch(/^safe: beta is paused by CONCORDAT_API_KEY .*: resume it first/m);
  expect(shown).toMatch(/^retry +no +beta is paused/m);
  expect(shown).not.toContain('retry now');
  const retry = await concordat.run('retry', gtid, '--reason', 'once more');
  expect(retry).toMatchObject({ code: 1, out: '' });
  expect(retry.err).toContain(RESUME);
  expect(beta.calls('prepare')).toEqual([]);

  const overview = await concordat.tells('overview');
  expect(overview).toContain('nothing is stuck');
  expect(overview).toMatch(/People hold something back:\n +beta is called by nobody: paused by .*/);
  expect(await concordat.tells('list', '--error', 'being moved', '--ids')).toBe(`${gtid}\n`);
  await concordat.tells('participants', 'resume', 'beta', '--reason', 'it has moved');
  await concordat.run('retry', gtid, '--reason', 'once more'); // unless that goes by itself
  expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  expect(await concordat.tells('overview')).not.toContain('hold something back');
});

test('why one was refused is shown, and that it is not searched for is said', async () => {
  const reason = 'waited too long for a lock';
  const alfa = participants.add().answers('prepare', { status: 409, body: { reason } });
  const branches = [
    { id: 'debit', participant: { url: alfa.url } },
    { id: 'credit', participant: { url: participants.add().url } },
  ];
  const { gtid } = await api.begin({ protocol: '2pc', name: 'locked', branches });
  expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
  expect(await concordat.tells('show', gtid)).toContain(`  refused: ${reason}\n`);
  expect(await concordat.tells('list', '--error', 'for a lock')).toBe('none\n');
  const help = (await concordat.tells('list', '--help')).replaceAll(/\s+/g, ' ');
  expect(help).toContain('--error <text> is unfinished, and its latest error has this in it');
});
