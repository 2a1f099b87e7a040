// Who imports what, read from the sources. A place is a folder that is a package.
import path from 'node:path';
import type { Source } from './sources.js';
import { complain } from './sources.js';

/** `from '…'`, `import '…'` and `import('…')`. */
const IMPORT = /\b(?:from|import)\s*\(?\s*'(?<target>[^'\n]+)'/g;

/** One row of the import table; `*` is everything. */
export interface Row {
  readonly place: string;
  /** Packages of ours, without the scope. */
  readonly ours: readonly string[];
  /** Packages of others; `node:` is what Node brings. */
  readonly others: readonly string[];
}

/** Reads rows of the form `place ← ours | others`. */
export function tableOf(text: string): readonly Row[] {
  return text
    .split('\n')
    .filter((line) => line.includes('←'))
    .map((line) => {
      const [place = '', imports = ''] = line.split('←');
      const [ours = '', others = ''] = imports.split('|');
      return { place: place.trim(), ours: words(ours), others: words(others) };
    });
}

/** A complaint for every import that the row of the source's place does not have. */
export function foreignImports(source: Source, row: Row): readonly string[] {
  return complain(source, 'uncommented', IMPORT, (match) => {
    const target = targetOf(source, match);
    if (!isPackage(target) || isAllowed(packageName(target), row)) return undefined;
    return `${row.place} may not import ${target}`;
  });
}

/** A complaint for every relative import that leaves `place`, except into `neighbours`. */
export function escapingImports(
  source: Source,
  place: string,
  neighbours: readonly string[] = [],
): readonly string[] {
  return complain(source, 'uncommented', IMPORT, (match) => {
    const target = targetOf(source, match);
    if (!target.startsWith('.')) return undefined;
    const resolved = path.posix.join(path.posix.dirname(source.path), target);
    const isInside = [place, ...neighbours].some((folder) => resolved.startsWith(`${folder}/`));
    return isInside ? undefined : `leaves ${place} by ${target}: import a package by its name`;
  });
}

/** The packages that the source imports; `node:` for what Node brings. */
export function packagesOf(source: Source): readonly string[] {
  return [...source.uncommented.matchAll(IMPORT)]
    .map((match) => targetOf(source, match))
    .filter(isPackage)
    .map(packageName);
}

/** What a match imports; empty if it stands in a string and only looks like an import. */
function targetOf(source: Source, { 0: found, index, groups }: RegExpMatchArray): string {
  const isCode = index !== undefined && source.code.startsWith(found.slice(0, 4), index);
  return isCode ? (groups?.['target'] ?? '') : '';
}

function isPackage(target: string): boolean {
  return target !== '' && !target.startsWith('.');
}

function isAllowed(name: string, { ours, others }: Row): boolean {
  const own = /^@concordat\/(?<ours>.+)$/.exec(name)?.groups?.['ours'];
  return own === undefined ? includes(others, name) : includes(ours, own);
}

function includes(allowed: readonly string[], name: string): boolean {
  return allowed.includes('*') || allowed.includes(name);
}

function packageName(target: string): string {
  if (target.startsWith('node:')) return 'node:';
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
