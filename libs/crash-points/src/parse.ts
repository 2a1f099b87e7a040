// What CONCORDAT_CRASH_AT may say: `name`, `name:3`, `name after SIGUSR2`, `name:3 after SIGUSR2`.
import type { Arming } from './crash-point.js';
import { crashPoints, isCrashPoint } from './points.js';

const FORM = /^(?<name>[a-z.-]+)(?::(?<nth>[1-9]\d{0,5}))?(?<onSignal> after SIGUSR2)?$/;

/** @returns undefined if `text` does not name a point: then say what `crashAtMustBe` says */
export function parseCrashAt(text: string): Arming | undefined {
  const groups = FORM.exec(text)?.groups;
  const point = groups?.['name'] ?? '';
  if (!isCrashPoint(point)) return undefined;
  const nth = Number(groups?.['nth'] ?? 1);
  return { point, nth, onSignal: groups?.['onSignal'] !== undefined };
}

export const crashAtMustBe = `must be a crash point, and is for tests only: ${Object.keys(crashPoints).join(', ')}`;
