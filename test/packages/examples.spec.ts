// The shell blocks of the examples' READMEs make the databases that the examples run on. What they
// tell `psql` is told to a Postgres here. The rest of those blocks builds and serves, or asks what
// npm start serves: test/nestjs/examples.spec.ts and test/e2e/embedded.e2e.ts do the like of it.
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, inject, test } from 'vitest';
import pg from 'pg';
import { foldersOf } from '../tidy/sources.js';

const bin = mkdtempSync(path.join(tmpdir(), 'concordat-psql-'));
afterAll(() => rmSync(bin, { recursive: true }));
writeFileSync(path.join(bin, 'psql'), '#!/bin/sh\nprintf "%s\\n" "$3"\n');
chmodSync(path.join(bin, 'psql'), 0o755);

const admin = new pg.Client(inject('databaseUrl'));
await admin.connect();
afterAll(() => admin.end());

test.each(foldersOf('examples'))(
  'the databases of %s are made as its README says',
  async (place) => {
    const statements = await toldToPsql(`${place}/README.md`);
    expect(statements).not.toEqual([]);
    for (const statement of statements) {
      await admin.query(statement);
      await admin.query(statement.replace(/^create /, 'drop '));
    }
  },
);

/** By a shell, which has its own idea of quotes. */
async function toldToPsql(file: string): Promise<readonly string[]> {
  const lines = readFileSync(file, 'utf8').match(/^(?:for .*)?\bpsql .*$/gm) ?? [];
  const env = { PATH: `${bin}:${process.env['PATH']}`, PG: 'postgres://nowhere' };
  const { stdout } = await promisify(execFile)('sh', ['-c', lines.join('\n')], { env });
  return stdout.split('\n').slice(0, -1);
}
