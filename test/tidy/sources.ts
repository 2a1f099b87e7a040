// The project's sources, as the rules of this folder read them: text, line by line. A regular
// expression over code from which comments and strings are blanked says enough for every rule.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const PLACES = ['apps', 'bench', 'examples', 'libs', 'migrations', 'scripts', 'test'];
const NOT_OURS = new Set(['dist', 'node_modules']);

export interface Source {
  /** Relative to the root of the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Of the same length and with the same lines, but comments are blank. */
  readonly uncommented: string;
  /** The contents of strings and regular expressions are blank too. */
  readonly code: string;
}

/** One rule. What it returns are complaints: `path:line: what is wrong`. */
export type Rule = (source: Source) => readonly string[];

/** Every TypeScript and JavaScript file of the project. */
export function allSources(): readonly Source[] {
  return PLACES.flatMap((place) => filesBelow(place))
    .filter((file) => /\.(tsx?|mts|mjs)$/.test(file))
    .map((file) => sourceOf(file, readFileSync(path.join(root, file), 'utf8')));
}

export function sourceOf(file: string, text: string): Source {
  return { path: file, text, uncommented: blank(text, ['comment']), code: blank(text) };
}

/** A JSON file of the project. */
export function json(file: string): unknown {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8'));
}

/** The folders right below `place`. */
export function foldersOf(place: string): readonly string[] {
  return readdirSync(path.join(root, place), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${place}/${entry.name}`);
}

export function isTest(source: Source): boolean {
  return source.path.startsWith('test/') || /\.spec\.tsx?$/.test(source.path);
}

/**
 * A complaint at each place where `pattern`, which is global, matches and `judge` objects.
 * @param judge what is wrong, or undefined if nothing is
 */
export function complain(
  source: Source,
  part: 'text' | 'uncommented' | 'code',
  pattern: RegExp,
  judge: (match: RegExpMatchArray) => string | undefined,
): readonly string[] {
  const text = source[part];
  return [...text.matchAll(pattern)].flatMap((match) => {
    const complaint = judge(match);
    if (complaint === undefined) return [];
    const line = text.slice(0, match.index).split('\n').length;
    return [`${source.path}:${line}: ${complaint}`];
  });
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => {
      const inner = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(inner) : [inner];
    });
}

const TOKENS = [
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)/,
  /(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")/,
  /(?<template>`(?:\\.|[^`\\])*`)/,
  // a slash after an operator, and not after a value, begins a regular expression
  /(?<=[=(,:[!&|?{};>]\s*|return\s)(?<regexp>\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/)/,
];
const TOKEN = new RegExp(TOKENS.map(({ source }) => source).join('|'), 'g');

type Token = 'comment' | 'string' | 'template' | 'regexp';

/** `text` with the contents of such tokens turned into spaces; lines stay lines. */
function blank(
  text: string,
  kinds: readonly Token[] = ['comment', 'string', 'template', 'regexp'],
): string {
  return text.replace(TOKEN, (token: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Readonly<Record<Token, string | undefined>>;
    const kind = kinds.find((candidate) => groups[candidate] !== undefined);
    if (kind === undefined) return token;
    // what a template interpolates is code
    const parts = kind === 'template' ? token.split(/(\$\{[^{}]*\})/) : [token];
    return parts
      .map((part) => (part.startsWith('${') ? part : part.replaceAll(/[^\n'"`]/g, ' ')))
      .join('');
  });
}
