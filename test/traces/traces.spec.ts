// Every testdata/{protocol}/*.trace must be what the core answers today. `npm run traces --
// --rewrite` writes today's answers into them: read the diff, and explain it where you propose it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { protocolNames } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import { runTrace, titleOf } from './trace.js';

const testdata = join(import.meta.dirname, 'testdata');
const rewrites = process.env['UPDATE_TRACES'] === '1';

test('there is a folder of traces for each protocol, and nothing else', () => {
  expect(readdirSync(testdata).toSorted()).toEqual([...protocolNames].toSorted());
});

describe.each(protocolNames)('%s', (protocol) => {
  const files = readdirSync(join(testdata, protocol));

  test('has traces, and nothing else', () => {
    expect(files).not.toEqual([]);
    expect(files.filter((file) => !file.endsWith('.trace'))).toEqual([]);
  });

  for (const file of files) {
    const path = join(testdata, protocol, file);
    if (rewrites) writeFileSync(path, runTrace(protocol, readFileSync(path, 'utf8')));
    const text = readFileSync(path, 'utf8');
    test(`${basename(file, '.trace')}: ${titleOf(text)}`, () => {
      expect(text).toBe(runTrace(protocol, text));
    });
  }
});

describe('a trace is malformed', () => {
  const begun = '# A title.\nbegin bank, shop\n\n';

  test('but this one is not', () => {
    expect(runTrace('2pc', `${begun}bank: prepared`)).toContain('bank=prepared');
  });

  test.each([
    ['if it is empty', '', 'opens with a sentence'],
    ['if it opens without a comment', 'begin bank', 'opens with a sentence'],
    ['if its opening comment is not a sentence', '# title\nbegin bank', 'opens with a sentence'],
    ['if it does not begin', '# A title.\nbank: prepared', 'begins with `begin`'],
    ['if it recovers before it begins', '# A title.\nrecover', 'begins with `begin`'],
    ['if it begins twice', `${begun}begin bank`, 'begins once'],
    ['if it begins and goes on in one stanza', '# A title.\nbegin bank\ncommit', 'begins once'],
    ['if a stanza says nothing', `${begun}# Only a remark.`, 'something is said'],
    ['if two lines are blank', `${begun}\nbank: prepared`, 'a known verb'],
    ['if a verb is not known', `${begun}prepare bank`, 'a known verb'],
    ['if a reply is not known', `${begun}bank: okay`, 'a known reply'],
    ['if nobody was asked', `${begun}hotel: prepared`, 'something is outstanding'],
    ['if a reply is to a call that was not made', `${begun}bank: done to commit`, 'that was made'],
    [
      'if a branch has an unknown property',
      '# A title.\nbegin bank lazy',
      '`pivot` or `one-phase`',
    ],
    ['if an instant is not a number', `${begun}wake soon`, 'a number'],
    ['if a result is not JSON', `${begun}bank: prepared {`, 'JSON'],
    ['if a standing is not one', `${begun}bank: standing well elected 1`, 'a standing'],
    ['if a crash does not stand alone', `${begun}recover\nbank: prepared`, 'stands alone'],
  ])('%s', (_, text, message) => {
    expect(() => runTrace('2pc', text)).toThrow(message);
  });
});
