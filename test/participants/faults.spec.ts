// Every way of not getting an answer is in doubt, ends in time, and harms no later call.
import { gzipSync } from 'node:zlib';
import type { Answer, Question } from '@concordat/engine';
import { describe, expect, test } from 'vitest';
import { participantsAt, question, serve, serveBytes } from './support.js';

const MIB = 1_048_576;
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

/** Short, for a call that is to run out of time. */
const timeoutMs = 400;

async function ask(url: string, more: Partial<Question> = {}): Promise<Answer> {
  return participantsAt(url).ask(question('prepare', more));
}

function doubt(reason: string | RegExp): unknown {
  return { type: 'in-doubt', reason: expect.stringMatching(reason) };
}

describe('a participant that cannot be reached', () => {
  test('because nobody listens', async () => {
    const url = await serveBytes(() => undefined).then((open) => open.replace(/\d+$/, '1'));
    expect(await ask(url)).toEqual(doubt(/ECONNREFUSED/));
  });

  test('because its name does not resolve', async () => {
    expect(await ask('http://bank.invalid')).toEqual(doubt(/ENOTFOUND|EAI_AGAIN/));
  });

  test('because it is not registered any more', async () => {
    const answer = await ask('http://127.0.0.1:1', { participant: 'shop' });
    expect(answer).toEqual(doubt(/^no participant is registered as "shop"$/));
  });

  test('because its URL is not on the allow-list any more', async () => {
    const answer = await ask('http://127.0.0.1:1', { participant: { url: 'http://10.0.0.1' } });
    expect(answer).toEqual(doubt(/^the URL is not on the allow-list$/));
  });

  test('because the coordinator has stopped', async () => {
    const participants = participantsAt(await serve((response) => response.end()));
    await participants.close();
    expect(await participants.ask(question('prepare'))).toEqual(doubt(/UND_ERR_DESTROYED/));
  });

  test('because the coordinator stops while it thinks', async () => {
    const participants = participantsAt(
      await serve(() => void participants.close().catch(() => undefined)),
    );
    expect(await participants.ask(question('prepare'))).toEqual(doubt(/UND_ERR_DESTROYED/));
  });
});

describe('a participant that breaks off', () => {
  test('without a word', async () => {
    const url = await serveBytes((socket) => socket.end());
    expect(await ask(url)).toEqual(doubt(/UND_ERR_SOCKET other side closed/));
  });

  test('by a reset', async () => {
    const url = await serveBytes((socket) => socket.resetAndDestroy());
    expect(await ask(url)).toEqual(doubt(/ECONNRESET/));
  });

  test('in the middle of its headers', async () => {
    const url = await serveBytes((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-'));
    expect(await ask(url)).toEqual(doubt(/./));
  });

  test('in the middle of its body', async () => {
    const url = await serveBytes((socket) =>
      socket.end(`${HEAD}Content-Length: 20\r\n\r\n{"vote"`),
    );
    expect(await ask(url)).toEqual(doubt(/UND_ERR_SOCKET other side closed/));
  });

  test('in the middle of a chunked body, where what it said is JSON already', async () => {
    const chunk = 'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n';
    const url = await serveBytes((socket) => socket.end(`${HEAD}${chunk}`));
    expect(await ask(url)).toEqual(doubt(/./));
  });

  test('for this call is asked again on another connection', async () => {
    let calls = 0;
    const url = await serve((response) => {
      calls += 1;
      if (calls === 1) response.socket?.resetAndDestroy();
      else response.end();
    });
    const participants = participantsAt(url);
    expect(await participants.ask(question('commit'))).toEqual(doubt(/ECONNRESET/));
    expect(await participants.ask(question('commit'))).toEqual({
      type: 'reply',
      reply: { type: 'acknowledged' },
    });
  });
});

describe('a participant that takes its time', () => {
  test('and never answers', async () => {
    const url = await serveBytes(() => undefined);
    expect(await ask(url, { timeoutMs })).toEqual(doubt(/^no answer within 400 ms$/));
  });

  test('and is silent after its headers', async () => {
    const url = await serveBytes((socket) => socket.write(`${HEAD}Content-Length: 2\r\n\r\n`));
    expect(await ask(url, { timeoutMs })).toEqual(
      doubt(/^HTTP 200, but no whole answer within 400 ms$/),
    );
  });

  test.each([
    ['headers', 'HTTP/1.1 200 OK\r\n', 'X: y\r\n', /^no answer within 400 ms$/],
    ['informational answers', '', 'HTTP/1.1 103 Early Hints\r\n\r\n', /within 400 ms$/],
    ['a body', `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n', /no whole answer within/],
  ])('and drips %s for ever', async (_, before, drop, reason) => {
    const url = await serveBytes((socket) => {
      socket.write(before);
      const drip = setInterval(() => socket.write(drop), 10);
      socket.once('close', () => clearInterval(drip));
    });
    expect(await ask(url, { timeoutMs })).toEqual(doubt(reason));
  });

  test('is hung up on', async () => {
    const gone = Promise.withResolvers<void>();
    const url = await serveBytes((socket) => socket.once('close', () => gone.resolve()));
    await ask(url, { timeoutMs });
    await expect(gone.promise).resolves.toBeUndefined();
  });

  test('does not hold up another one', async () => {
    const [silent, awake] = await Promise.all([
      serveBytes(() => undefined),
      serve((response) => response.end()),
    ]);
    const participants = participantsAt(silent);
    const held = Array.from({ length: 300 }, () =>
      participants.ask(question('commit', { timeoutMs: 500 })),
    );
    const other = await participants.ask(question('commit', { participant: { url: awake } }));
    expect(other).toMatchObject({ type: 'reply' });
    const answers = await Promise.all(held); // most of them never had a connection
    expect(new Set(answers.map(({ type }) => type))).toEqual(new Set(['in-doubt']));
  });

  test('is spared the calls whose time was up before they could be sent', async () => {
    let received = 0;
    const url = await serve((response, call) => {
      if (call.url === '/commit') received += 1;
      else response.end();
    });
    const participants = participantsAt(url);
    const ask = (ms: number) => participants.ask(question('commit', { timeoutMs: ms }));
    const sent = Array.from({ length: 128 }, () => ask(4 * timeoutMs)); // every connection is taken
    const waiting = Array.from({ length: 100 }, () => ask(timeoutMs));
    await Promise.all([...sent, ...waiting]);
    const next = await participants.ask(question('rollback')); // sent after whatever waited
    expect(next).toMatchObject({ type: 'reply' });
    expect(received).toBeLessThanOrEqual(128);
  });
});

describe('a participant that says too much', () => {
  const bodyOf = (bytes: number): string => `{"result":"${'x'.repeat(bytes - 13)}"}`;

  test('is listened to for 1 MiB', async () => {
    const url = await serve((response) => response.end(bodyOf(MIB)));
    expect(await ask(url)).toMatchObject({ type: 'reply', reply: { type: 'prepared' } });
  });

  test('and not for a byte more', async () => {
    const url = await serve((response) => response.end(bodyOf(MIB + 1)));
    expect(await ask(url)).toEqual(doubt(/^the body is larger than 1 MiB$/));
  });

  test('without end, and is hung up on', async () => {
    const gone = Promise.withResolvers<void>();
    const url = await serve((response) => {
      response.once('close', () => gone.resolve());
      const more = (): void => {
        while (response.write(' '.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    expect(await ask(url)).toEqual(doubt(/^the body is larger than 1 MiB$/));
    await expect(gone.promise).resolves.toBeUndefined();
  });

  test('in its headers', async () => {
    const headers = `X-Long: ${'x'.repeat(5 * MIB)}\r\n\r\n`;
    const url = await serveBytes((socket) => socket.write(HEAD + headers));
    expect(await ask(url)).toEqual(doubt(/UND_ERR_HEADERS_OVERFLOW/));
  });
});

describe('a participant that says something else', () => {
  test('such as a redirect, which nobody follows', async () => {
    let followed = 0;
    const elsewhere = await serve((response) => {
      followed += 1;
      response.end('{"vote":"prepared"}');
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await serve((response) => {
        response.writeHead(status, { Location: `${elsewhere}/prepare` }).end();
      });
      expect(await ask(url)).toEqual(doubt(`^HTTP ${status}$`));
    }
    expect(followed).toBe(0);
  });

  test('such as a body that was compressed without being asked for', async () => {
    const url = await serve((response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('{"vote":"prepared"}'));
    });
    expect(await ask(url)).toEqual(doubt(/not UTF-8/));
  });

  test('such as text that is not UTF-8', async () => {
    const url = await serve((response) => response.end(Buffer.from('{"result":"é"}', 'latin1')));
    expect(await ask(url)).toEqual(doubt(/not UTF-8/));
  });

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['two lengths', `${HEAD}Content-Length: 2\r\nContent-Length: 19\r\n\r\n{"vote":"prepared"}`],
    [
      'a length and chunks',
      `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a status that is none', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a change of protocol', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
  ])('such as %s', async (_, bytes) => {
    const url = await serveBytes((socket) => socket.end(bytes));
    expect(await ask(url)).toEqual(doubt(/./));
  });

  test('such as a second answer that nobody asked for', async () => {
    const answer = 'HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}';
    const url = await serveBytes((socket) => {
      socket.write(`${answer}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}`);
      socket.on('data', () => socket.write(answer));
    });
    const participants = participantsAt(url);
    expect(await participants.ask(question('try'))).toMatchObject({ reply: { type: 'refused' } });
    expect(await participants.ask(question('try'))).not.toMatchObject({ reply: { type: 'tried' } });
  });
});

test('many calls at once share a bounded number of connections', async () => {
  const ports = new Set<number | undefined>();
  const url = await serve((response) => {
    ports.add(response.socket?.remotePort);
    setImmediate(() => response.end());
  });
  const participants = participantsAt(url);
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, () => participants.ask(question('commit'))),
  );
  expect(new Set(answers.map(({ type }) => type))).toEqual(new Set(['reply']));
  expect(ports.size).toBeLessThanOrEqual(128);
});
