// The coordinator in one file, for tests that start it a hundred times. It is what `npm run build`
// has made, with its packages: most of the 1.7 s of CPU that a start takes goes into finding and
// loading two thousand files; this one takes 1.0 s. It is made again when a build is newer.
//
// Postgres and TypeORM stay where they are: TypeORM looks for its driver as it runs.
import { existsSync, globSync, statSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';

const OUT = path.resolve('node_modules/.cache/lean-coordinator');
const PROGRAM = path.join(OUT, 'serve.js');
const BUILDS = ['libs/*/dist/.tsbuildinfo', 'apps/coordinator/dist/.tsbuildinfo'];

/** @returns the program */
export async function leanCoordinator(): Promise<string> {
  const madeAt = existsSync(PROGRAM) ? statSync(PROGRAM).mtimeMs : 0;
  const isOld = globSync(BUILDS).some((file) => statSync(file).mtimeMs >= madeAt);
  if (isOld) await make();
  return PROGRAM;
}

async function make(): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['pg', 'typeorm'], target: 'node' },
    build: {
      ssr: path.resolve('apps/coordinator/dist/serve.js'),
      outDir: OUT,
      emptyOutDir: true,
      minify: false,
      target: 'node22',
    },
  });
}
