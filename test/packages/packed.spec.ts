// What a stranger installs: the packages as npm packs them, in a folder of their own, with nothing
// of ours around them but each other. Other people's packages are found above the folder.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { Victim } from '../e2e/support/victim.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { databaseFromTemplate } from '../support/databases.js';
import type { Manifest } from '../tidy/packages.js';
import { published } from './published.js';

const CACHE = path.resolve('node_modules/.cache');
const run = promisify(execFile);

mkdirSync(CACHE, { recursive: true });
const app = await mkdtemp(path.join(CACHE, 'packed-'));
afterAll(() => rm(app, { recursive: true, force: true }));
const installed = await install();

interface Installed {
  readonly dir: string;
  readonly manifest: Omit<Manifest, 'exports'> & { readonly exports?: unknown };
}

async function install(): Promise<readonly Installed[]> {
  const workspaces = published.flatMap((place) => ['--workspace', place]);
  const how = ['--json', '--offline', '--ignore-scripts', '--pack-destination', app];
  await run('npm', ['pack', ...how, ...workspaces]);
  return Promise.all(published.map(unpack));
}

async function unpack(place: string): Promise<Installed> {
  const { name, version } = manifestIn(place);
  const dir = path.join(app, 'node_modules', name);
  await mkdir(dir, { recursive: true });
  const tarball = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
  await run('tar', ['-xzf', path.join(app, tarball), '-C', dir, '--strip-components=1']);
  return { dir, manifest: manifestIn(dir) };
}

function manifestIn(dir: string): Installed['manifest'] {
  return JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as Manifest;
}

/** Each file that a reader of the manifest may be led to; our sources are for our tools alone. */
function targets(entry: unknown): readonly string[] {
  if (typeof entry === 'string') return [entry];
  if (typeof entry !== 'object' || entry === null) return [];
  return Object.entries(entry).flatMap(([key, value]) =>
    key === '@concordat/source' ? [] : targets(value),
  );
}

test('whatever they promise, they have with them', () => {
  const missing = installed.flatMap(({ dir, manifest }) =>
    [...targets(manifest.exports), ...targets(manifest.bin)]
      .filter((file) => !file.includes('*') && !existsSync(path.join(dir, file)))
      .map((file) => `${manifest.name}: ${file}`),
  );
  expect(missing).toEqual([]);
});

test('whatever of ours they need is published too', () => {
  const names = new Set(installed.map(({ manifest }) => manifest.name));
  const lacking = installed.flatMap(({ manifest }) =>
    Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
      .filter((name) => name.startsWith('@concordat/') && !names.has(name))
      .map((name) => `${manifest.name} needs ${name}`),
  );
  expect(lacking).toEqual([]);
});

test('the coordinator serves its dashboard, and the command line asks it', async () => {
  const { databaseUrl } = await databaseFromTemplate();
  const program = path.join(app, 'node_modules/@concordat/coordinator/bin');
  const coordinator = new Victim('the coordinator', `${program}/concordat-coordinator.mjs`, {
    DATABASE_URL: databaseUrl,
  });
  afterAll(() => coordinator.kill());
  await coordinator.start();

  const page = await fetch(`${coordinator.url}/ui/`);
  const script = /src="\.\/(?<path>assets\/[^"]+\.js)"/.exec(await page.text())?.groups?.['path'];
  const file = await fetch(`${coordinator.url}/ui/${script}`);
  expect([page.status, file.status]).toEqual([200, 200]);
  expect((await file.text()).length).toBeGreaterThan(10_000);

  const cli = path.join(app, 'node_modules/@concordat/cli/bin/concordat.mjs');
  const env = { ...process.env, CONCORDAT_URL: coordinator.url, CONCORDAT_API_KEY: TEST_API_KEY };
  const { stdout } = await run(process.execPath, [cli, 'list', '--json'], { env });
  expect(JSON.parse(stdout)).toBeTypeOf('object');
});

test('the coordinator can be mounted from there', async () => {
  const program = `
    const { MountedCoordinator } = await import('@concordat/coordinator/mounted');
    const operators = new MountedCoordinator({ apiKey: 'a key of sixteen or more' });
    console.log(typeof operators.handle);`;
  const ran = await run(process.execPath, ['--input-type=module', '--eval', program], { cwd: app });
  expect(ran.stdout).toBe('function\n');
});
