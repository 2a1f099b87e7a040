// The files of the dashboard, as its build has left them.
//
// P1. What is served is what was there when the process started: a path is a key of a map, and
//     never one of the file system.
// P2. A file whose name bears the hash of its content is the same for ever, and may be kept so.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** Below it compression costs more than it saves. */
const COMPRESSED_BYTES_MIN = 1_024;

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export class PageFile {
  private compressed: Promise<Buffer> | undefined;

  constructor(
    readonly mediaType: string,
    /** P2. */
    readonly isImmutable: boolean,
    readonly content: Buffer,
  ) {}

  get isWorthCompressing(): boolean {
    return this.content.length >= COMPRESSED_BYTES_MIN;
  }

  /** By gzip; made once. */
  gzipped(): Promise<Buffer> {
    this.compressed ??= compress(this.content);
    return this.compressed;
  }
}

export interface PageFiles {
  /** The page itself; undefined if it was not built. */
  readonly index: string | undefined;
  /** By their paths within the build: `assets/index-4f2a.js`. */
  readonly others: ReadonlyMap<string, PageFile>;
}

/** @param dir the build of apps/dashboard */
export function readPageFiles(dir: string): PageFiles {
  const index = path.join(dir, 'index.html');
  if (!existsSync(index)) return { index: undefined, others: new Map() };
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  const entries = names.flatMap((name) => {
    const mediaType = mediaTypes[path.extname(name)];
    if (mediaType === undefined) return [];
    const key = name.split(path.sep).join('/');
    const content = readFileSync(path.join(dir, name));
    return [[key, new PageFile(mediaType, key.startsWith('assets/'), content)] as const];
  });
  return { index: readFileSync(index, 'utf8'), others: new Map(entries) };
}
