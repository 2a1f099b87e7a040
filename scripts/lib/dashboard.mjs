// The dashboard as files: built by Vite, and only when something of it has changed.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { tool } from './tool.mjs';

const PLACE = 'apps/dashboard';
const BUILT = 'apps/coordinator/dist/pages/index.html';
/** What goes into it: its own, what it shares with the server, and the versions of the rest. */
const INGREDIENTS = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json'].map(
  (name) => `${PLACE}/${name}`,
);
const OTHERS = ['libs/wire/src', 'package-lock.json'];

/** @returns {Promise<void>} rejects with a Failure if it cannot be built */
export async function buildDashboard() {
  if (isFresh()) return;
  await tool('vite/bin/vite.js', ['build', '--logLevel', 'warn', PLACE]);
}

function isFresh() {
  if (!existsSync(BUILT)) return false;
  const builtAt = statSync(BUILT).mtimeMs;
  return [...INGREDIENTS, ...OTHERS].flatMap(filesOf).every((file) => {
    return statSync(file).mtimeMs <= builtAt;
  });
}

/**
 * @param {string} place a file, or a folder with what is in it; the folder too, for what is gone
 * @returns {readonly string[]}
 */
function filesOf(place) {
  if (!statSync(place).isDirectory()) return [place];
  const inside = readdirSync(place, { recursive: true, encoding: 'utf8' });
  return [place, ...inside.map((name) => path.join(place, name))];
}
