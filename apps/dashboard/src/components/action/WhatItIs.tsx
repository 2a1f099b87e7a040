import { Lines } from '../Lines.js';
import type { Action } from './ActionDialog.js';

/** What is so, and what it would do, as far as no choice has to be made first (A4). */
export function WhatItIs({
  action: { target, precondition, effect },
}: {
  readonly action: Action;
}) {
  const lines = [
    ['On', target],
    ['What is so', precondition],
    ['What it does', effect],
  ] as const;
  return <Lines lines={lines.filter(([, value]) => value !== undefined)} />;
}
