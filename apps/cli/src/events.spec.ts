import { describe, expect, test } from 'vitest';
import { EventReader } from './events.js';

const encoder = new TextEncoder();

/** @param size in bytes, of what arrives at once */
function read(text: string, size = Number.POSITIVE_INFINITY) {
  const reader = new EventReader();
  const bytes = encoder.encode(text);
  const count = Math.ceil(bytes.length / Math.min(size, bytes.length));
  return Array.from({ length: count }, (_, at) => bytes.slice(at * size || 0, (at + 1) * size))
    .flatMap((part) => reader.push(part))
    .map(({ type, data }) => `${type} ${data}`);
}

const STREAM =
  ': here\n\nevent: hello\ndata: {}\n\n: here\n\nevent: changed\ndata: {"what":["ü"]}\n\n';

describe('events', () => {
  test.each(['\n', '\r\n', '\r'])('are told apart where lines end with %j', (end) => {
    const text = `${STREAM}: here\n\n`.replaceAll('\n', end); // a CR says nothing until the next
    expect(read(text)).toEqual(['hello {}', 'changed {"what":["ü"]}']);
  });

  test.each([1, 2, 3, 7])('are the same if %i bytes arrive at once', (size) => {
    for (const end of ['\n', '\r\n']) {
      expect(read(STREAM.replaceAll('\n', end), size)).toEqual(read(STREAM));
    }
  });

  test.each([
    ['of no type is a message', 'data: a\n\n', ['message a']],
    ['may have lines', 'data: a\ndata:b\ndata\n\n', ['message a\nb\n']],
    ['keeps what follows the first blank', 'data:  a: b\n\n', ['message  a: b']],
    [
      'without data is none, nor is its type the next one’s',
      'event: x\n\ndata: a\n\n',
      ['message a'],
    ],
    ['that has not ended was not said', 'data: a\n\ndata: b\n', ['message a']],
    ['may begin with what marks the order of bytes', '\ufeffdata: a\n\n', ['message a']],
    ['is not made of fields that nobody knows', 'id: 1\nretry: 5\nx\n\n', []],
  ])('one %s', (_, text, events) => {
    expect(read(text)).toEqual(events);
  });

  test('that do not end are read no further', () => {
    expect(() => read('x'.repeat(65_537))).toThrow(RangeError);
    expect(() => read('data: x\n'.repeat(8_193), 1_000)).toThrow(RangeError);
    expect(read('data: x\n\n'.repeat(8_193), 1_000)).toHaveLength(8_193);
  });
});
