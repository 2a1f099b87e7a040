// The key of the setting CONCORDAT_API_KEY: every role for every tenant, so that there is a first
// way in. Its holder makes the keys that everybody else uses.
import { createHmac } from 'node:crypto';
import { ALL_TENANTS, roles } from '@concordat/wire/operations';
import { areEqual, hashOf } from './api-key.js';
import type { Principal } from './principal.js';
import { SETTING_ID } from './principal.js';

const LENGTH_MIN = 16;
const LENGTH_MAX = 512;
const DISTINCT_MIN = 8;
const PRINTABLE = /^[\x21-\x7e]+$/;
/** What stands in documentation and in the samples of others, once letters are all that is left. */
const SAMPLE =
  /changeme|replaceme|example|sample|placeholder|yourapikey|yourkey|insertkey|dummykey/;
const SEQUENCES = ['0123456789abcdef', '1234567890123456', 'abcdefghijklmnop', 'qwertyuiopasdfgh'];

/** @returns why `text` must not be a key; undefined if it may be one */
export function settingKeyFault(text: string): string | undefined {
  if (text.length < LENGTH_MIN || text.length > LENGTH_MAX) {
    return `must have ${LENGTH_MIN} to ${LENGTH_MAX} characters`;
  }
  if (!PRINTABLE.test(text)) return 'must consist of printable ASCII characters without spaces';
  const letters = text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const isSample = SAMPLE.test(letters) || SEQUENCES.some((one) => letters.startsWith(one));
  if (isSample) return 'must not be a sample value: anybody can read those';
  if (new Set(text).size < DISTINCT_MIN) {
    return `must not be guessable: it has fewer than ${DISTINCT_MIN} different characters`;
  }
  return undefined;
}

export class SettingKey {
  readonly principal: Principal = {
    kind: 'setting',
    id: SETTING_ID,
    name: SETTING_ID,
    grants: [{ tenant: ALL_TENANTS, roles: [...roles] }],
  };

  private readonly hash: Buffer;

  constructor(private readonly text: string) {
    this.hash = hashOf(text);
  }

  /** In constant time. */
  is(text: string): boolean {
    return areEqual(this.hash, hashOf(text));
  }

  /**
   * What ties a session to this key: another key gives another value. It is keyed by the session's
   * id, which is nowhere but in a cookie, so that whoever reads the table has nothing to guess by.
   */
  bindingTo(sessionId: string): Buffer {
    return createHmac('sha256', sessionId).update(this.text, 'utf8').digest();
  }
}
