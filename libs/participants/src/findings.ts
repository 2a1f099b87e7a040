// What a self-test of a resource manager says: one sentence a check.
import type { SelfTest, SelfTestCheck } from '@concordat/engine';
import { cleaned } from '@concordat/wire';

/** Its verdict is that of its worst check. */
export function checked(checks: readonly SelfTestCheck[]): SelfTest {
  const verdicts = new Set(checks.map(({ verdict }) => verdict));
  const verdict = (['fails', 'risk'] as const).find((worst) => verdicts.has(worst)) ?? 'passes';
  return { verdict, checks };
}

export function passed(name: string, finding: string): SelfTestCheck {
  return { name, verdict: 'passes', finding: cleaned(finding) };
}

export function risk(name: string, finding: string): SelfTestCheck {
  return { name, verdict: 'risk', finding: cleaned(finding) };
}

export function failed(name: string, finding: string): SelfTestCheck {
  return { name, verdict: 'fails', finding: cleaned(finding) };
}
