// The coordinator in one file, for tests, which start it some hundred times. It is what the build
// has made, with its packages: most of the 1.4 s of CPU that a start takes goes into finding and
// loading two thousand files; this one takes half of that, and less once Node has compiled it.
//
// What looks for files of its own is not in it: the dashboard's pages and those of /docs are served
// by what is shipped. Postgres and TypeORM stay where they are: TypeORM looks for its driver as it
// runs.
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { build } from 'vite';

const HOME = path.resolve('node_modules/.cache/lean-coordinator');
const BUILDS = ['libs/*/dist/.tsbuildinfo', 'apps/coordinator/dist/.tsbuildinfo'];

const AGE_MS = 3_600_000;

/** Made once for each build, and by one of those who want it at once. @returns the program */
export async function leanCoordinator(): Promise<string> {
  const builtAt = Math.max(...globSync(BUILDS).map((file) => statSync(file).mtimeMs));
  const dir = path.join(HOME, String(builtAt));
  if (!existsSync(dir)) await make(dir);
  return path.join(dir, 'serve.js');
}

async function make(dir: string): Promise<void> {
  mkdirSync(HOME, { recursive: true });
  const draft = mkdtempSync(path.join(HOME, 'draft-'));
  await bundle(draft);
  const old = readdirSync(HOME).filter((name) => !name.startsWith('draft-'));
  try {
    renameSync(draft, dir);
  } catch (error) {
    if (!existsSync(dir)) throw error;
    return rmSync(draft, { recursive: true }); // somebody else was faster
  }
  for (const name of old.filter(isOld)) {
    rmSync(path.join(HOME, name), { recursive: true, force: true });
  }
}

/** So old that no test run that began with it can still want it. */
function isOld(name: string): boolean {
  return Date.now() - statSync(path.join(HOME, name)).mtimeMs > AGE_MS;
}

async function bundle(outDir: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['pg', 'typeorm'], target: 'node' },
    build: {
      ssr: path.resolve('apps/coordinator/dist/serve.js'),
      outDir,
      emptyOutDir: true,
      minify: false,
      target: 'node22',
    },
  });
}
