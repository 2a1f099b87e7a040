// What the packages say of themselves must agree with what their sources do.
import { packagesOf } from './imports.js';
import type { Source } from './sources.js';

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly description?: string;
  readonly files?: readonly string[];
  /** Of a package that is a command. */
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: { readonly '.'?: Readonly<Record<string, string>> };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  /** What its user has, and it imports. */
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface Package {
  /** Its folder. */
  readonly place: string;
  readonly manifest: Manifest;
  /** The packages, by their folders, that its tsconfig.json refers to. */
  readonly references: readonly string[];
  /** Those that are shipped. */
  readonly sources: readonly Source[];
}

/** What is imported must be declared, and our own packages must be imported where declared. */
export function undeclared({ place, manifest, sources }: Package): readonly string[] {
  const declared = Object.keys({ ...needs(manifest), ...manifest.peerDependencies });
  const imported = new Set(sources.flatMap(packagesOf).filter((name) => name !== 'node:'));
  const idle = declared.filter((name) => isOurs(name) && !imported.has(name));
  return [
    ...[...imported]
      .filter((name) => !declared.includes(name))
      .map((name) => `${place}/package.json: imports ${name}, but does not depend on it`),
    ...idle.map((name) => `${place}/package.json: depends on ${name}, but does not import it`),
  ];
}

/** Of what is bundled (it depends on nothing where it runs), that is what it is made of. */
function needs(manifest: Manifest): Manifest['dependencies'] {
  const isBundled = manifest.private === true && manifest.dependencies === undefined;
  return isBundled ? manifest.devDependencies : manifest.dependencies;
}

/** A package is built after those of ours that it depends on, and after no others. */
export function wrongReferences(subject: Package, all: readonly Package[]): readonly string[] {
  const { place, manifest, references } = subject;
  const needed = all
    .filter((other) => needs(manifest)?.[other.manifest.name] !== undefined)
    .map((other) => other.place);
  return difference(references, needed).map(
    (folder) => `${place}/tsconfig.json: its references and dependencies differ in ${folder}`,
  );
}

/** One version of each package in the whole project, exactly: `1.2.3`, and not `^1.2.3`. */
export function looseVersions(all: readonly Package[]): readonly string[] {
  const seen = new Map<string, string>();
  return all.flatMap(({ place, manifest }) =>
    Object.entries({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.peerDependencies,
    }).flatMap(([name, version]) => {
      const first = seen.get(name) ?? version;
      seen.set(name, first);
      const isGood = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version) && version === first;
      return isGood ? [] : [`${place}/package.json: ${name} ${version}, elsewhere ${first}`];
    }),
  );
}

/** What a stranger needs to install and use it. */
export function unpublishable({ place, manifest }: Package): readonly string[] {
  const entry = manifest.exports?.['.'] ?? {};
  const isCommand = manifest.bin !== undefined;
  const built = isCommand ? 'bin,dist,!dist/.tsbuildinfo' : 'dist,!dist/.tsbuildinfo';
  const source = entry['@concordat/source'];
  const needed: Readonly<Record<string, boolean>> = {
    'the licence': manifest.license === 'Apache-2.0',
    'a description': (manifest.description ?? '') !== '',
    'files: what is built, without the build information': manifest.files?.join() === built,
    'an export of its source, for our tools': isCommand || source?.endsWith('.ts') === true,
    'an export of types': isCommand || entry['types'] === './dist/index.d.ts',
    'an export of code': isCommand || entry['default'] === './dist/index.js',
    'a program of its own below bin': Object.values(manifest.bin ?? {}).every((program) =>
      /^\.\/bin\/[\w-]+\.mjs$/.test(program),
    ),
  };
  return Object.entries(needed).flatMap(([what, isThere]) =>
    isThere ? [] : [`${place}/package.json: lacks ${what}`],
  );
}

function isOurs(name: string): boolean {
  return name.startsWith('@concordat/');
}

function difference(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...some, ...others])].filter(
    (item) => !some.includes(item) || !others.includes(item),
  );
}
