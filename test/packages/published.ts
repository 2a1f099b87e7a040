// The packages that strangers install.
import type { Manifest } from '../tidy/packages.js';
import { foldersOf, json } from '../tidy/sources.js';

const isPublished = (place: string): boolean =>
  (json(`${place}/package.json`) as Manifest).private !== true;

/** Their folders. */
export const published: readonly string[] = [
  ...foldersOf('libs'),
  'migrations',
  ...foldersOf('apps'),
].filter(isPublished);
