import { describe, expect, test } from 'vitest';
import { SettingKey, settingKeyFault } from './setting-key.js';

describe("[5] the setting's key", () => {
  test.each([
    '15-characters-x',
    'changeme-changeme',
    'CHANGE_ME_CHANGE_ME_42',
    'your-api-key-here-123',
    'an-example-of-a-key-42',
    '0123456789abcdef0123456789abcdef',
    'qwertyuiopasdfghjkl',
    'abababababababababab',
    'with a space in it 12345',
    'not-of-ascii-ÄÖÜ-1234567',
    'x'.repeat(513),
  ])('must not be %j', (text) => {
    expect(settingKeyFault(text)).toMatch(/^must /);
    expect(settingKeyFault(text)).not.toContain(text);
  });

  test.each(['ck_R2hvc3RzIGRvIG5vdCBzbGVlcCBhdCBuaWdodC4', '9f86d081884c7d659a2feaa0c55ad015'])(
    'may be %j',
    (text) => {
      expect(settingKeyFault(text)).toBeUndefined();
    },
  );

  test('ties a session to itself, and each session otherwise', () => {
    const key = new SettingKey('9f86d081884c7d659a2feaa0c55ad015');
    const other = new SettingKey('ck_R2hvc3RzIGRvIG5vdCBzbGVlcCBhdCBuaWdodC4');
    expect(key.bindingTo('s')).toEqual(key.bindingTo('s'));
    expect(key.bindingTo('s')).not.toEqual(key.bindingTo('t'));
    expect(key.bindingTo('s')).not.toEqual(other.bindingTo('s'));
  });
});
