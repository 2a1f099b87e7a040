// What a variable can hold: each of these says what it must be, and never what it was.
import { crashAtMustBe, parseCrashAt } from '@concordat/crash-points';
import { secretFaultOf } from '@concordat/wire';
import { z } from 'zod';

export function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function whole(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .pipe(z.number().min(min, message).max(max, message));
}

export function crashAt() {
  return z.string().transform((text, context) => {
    const arming = parseCrashAt(text);
    if (arming !== undefined) return arming;
    context.issues.push({ code: 'custom', input: text, message: crashAtMustBe });
    return z.NEVER;
  });
}

export function secret() {
  return z.string().transform((text, context) => {
    const fault = secretFaultOf(text);
    if (fault === undefined) return text;
    context.issues.push({ code: 'custom', input: text, message: fault });
    return z.NEVER;
  });
}

export function urlOf(...schemes: readonly string[]) {
  const prefixes = schemes.map((scheme) => `${scheme}://`);
  return z
    .string('is required')
    .refine(
      (text) => URL.canParse(text) && prefixes.some((prefix) => text.startsWith(prefix)),
      `must be a URL that begins with ${prefixes.join(' or ')}`,
    );
}

export function oneOf<const Values extends readonly string[]>(values: Values) {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}
