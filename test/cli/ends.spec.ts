// How the command ends, and what it says of itself, whatever stands in its way.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { TEST_API_KEY } from '../support/api-key.js';
import { FaultyNetwork } from '../support/faulty-network.js';
import { Concordat, Running } from './command.js';
import { Stuck } from './stuck.js';

const stuck = await Stuck.open();
const { api, concordat } = stuck;
const network = new FaultyNetwork();
const far = new Concordat(await network.route(concordat.url));
const dir = mkdtempSync(path.join(tmpdir(), 'concordat-cli-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
beforeEach(() => network.reset());

describe('a coordinator that cannot be reached', () => {
  test('is 3, and for programs a document', async () => {
    const nobody = new Concordat(`http://127.0.0.1:${await freePort()}`);
    const { code, out, err } = await nobody.run('list');
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain('ECONNREFUSED');
    const asJson = await nobody.run(
      'retry',
      '01a1ff04-ba06-737a-850d-f36586c76403',
      '--reason',
      'x',
      '--json',
    );
    expect(asJson.code).toBe(3);
    expect(JSON.parse(asJson.out)).toMatchObject({ mayHaveBeenDone: false });
    expect(await nobody.run('doctor')).toMatchObject({ code: 3 });
  });

  test('after it was asked to act: it is not known whether it was done, and that is said', async () => {
    const { gtid, bank } = await stuck.decided('lost answer');
    bank.answers('commit', { status: 200 });
    network.lose(`POST /v1/operations/transactions/${gtid}/retry reply`);
    const { code, err } = await far.run('retry', gtid, '--reason', 'now');
    expect(network.happened).toBe(1);
    expect(code).toBe(3);
    expect(err).toContain('not known whether it was done');
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' }); // it was
  });
});

describe('who is not let in', () => {
  test('is told why: 1, and the problem for programs', async () => {
    const wrong = await concordat
      .as('ck_nobody-has-made-this-one-0123456789')
      .run('list', '--json');
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.out)).toMatchObject({ status: 401 });
    expect(wrong.err).toContain('not accepted');
    const none = await new Concordat(concordat.url, '').run('list');
    expect(none).toMatchObject({ code: 1, out: '' });
    expect(none.err).toContain('CONCORDAT_API_KEY');
  });

  test('may have the key in a file of his own', async () => {
    const file = path.join(dir, 'key');
    writeFileSync(file, `${TEST_API_KEY}\n`, { mode: 0o600 });
    const { url } = concordat;
    const running = new Running(['list', '--url', url, '--key-file', file], {});
    expect(await running.ended).toMatchObject({ code: 0 });
    const asVariable = new Running(['list', '--url', url], { CONCORDAT_API_KEY_FILE: file });
    expect(await asVariable.ended).toMatchObject({ code: 0 });
  });

  test('gives the key to nobody else: a redirect is not followed', async () => {
    const heard: (string | undefined)[] = [];
    const other = createServer(({ headers }, response) => {
      heard.push(headers.authorization);
      response.end('{}');
    });
    const front = createServer((_, response) => {
      const { port } = other.address() as AddressInfo;
      response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end();
    });
    for (const server of [other, front]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
    const { port } = front.address() as AddressInfo;
    expect(await new Concordat(`http://127.0.0.1:${port}`).run('list')).toMatchObject({ code: 3 });
    expect(heard).toEqual([]);
    for (const server of [other, front]) server.close();
  });
});

describe('what is not understood is 2', () => {
  test.each([
    [[]],
    [['lst']],
    [['list', 'too', 'many']],
    [['list', '--colour']],
    [['show']],
    [['list', '--url', 'ftp://concordat']],
    [['list', '--key-file', '/nowhere']],
    [['list', `--api-key=${TEST_API_KEY}`]],
    [['show', TEST_API_KEY]],
    [['show', '../../etc/passwd']],
    [['amend', '01a1ff04-ba06-737a-850d-f36586c76403', 'a', '--reason', 'x', '--payload', '{']],
  ])('%j', async (args) => {
    const { code, out, err } = await concordat.run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toBe('');
    expect(err).not.toContain(TEST_API_KEY);
  });
});

test('help and version are 0', async () => {
  expect(await concordat.tells('--help')).toContain('Exit codes');
  expect(await concordat.tells('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(await concordat.tells('resolve', '--help')).toContain('--evidence');
});

test('what others have written is text, whatever it would do to a terminal', async () => {
  await stuck.failing('hostile');
  const { text } = await api.get('/v1/operations/transactions?name=hostile');
  const evil = text.replaceAll('closed for repairs', '\\u001b[2J\\u202eall is well');
  expect(evil).not.toBe(text);
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(evil);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const there = new Concordat(`http://127.0.0.1:${port}`);
  const shown = await there.tells('list');
  expect(shown).toContain('\\u001b[2J\\u202eall is well');
  expect(shown.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  const asJson = await there.tells('list', '--json');
  expect(asJson.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  expect(JSON.parse(asJson)).toMatchObject({ items: JSON.parse(evil).items });
  server.close();
});

test('a reader who has seen enough is no failure', async () => {
  const { spawn } = await import('node:child_process');
  const script = `"${process.execPath}" apps/cli/bin/concordat.mjs list | head -1; echo \${PIPESTATUS[0]}`;
  const shell = spawn('bash', ['-c', script], {
    env: {
      PATH: process.env['PATH'],
      CONCORDAT_URL: concordat.url,
      CONCORDAT_API_KEY: TEST_API_KEY,
    },
  });
  let out = '';
  shell.stdout.on('data', (text) => (out += String(text)));
  await new Promise((resolve) => shell.once('close', resolve));
  expect(out).toMatch(/^GTID .*\n0\n$/);
});
