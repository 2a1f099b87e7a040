import { listQuerySchema } from '@concordat/wire';
import { triageExtras } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { filterOf, filters, hiddenCount, inWords, metadataFilter } from './filters.js';

const PAGING = ['limit', 'cursor'];

describe('the filters of the page', () => {
  test('are all that the server knows', () => {
    const known = [...Object.keys(listQuerySchema.shape), ...Object.keys(triageExtras)];
    expect(filters.map(({ name }) => name).toSorted()).toEqual(
      known.filter((name) => !PAGING.includes(name)).toSorted(),
    );
  });

  test('are what is acted upon, without where the page begins', () => {
    expect(filterOf({ harm: 'blocking', cursor: 'x', limit: '50' })).toEqual({ harm: 'blocking' });
  });

  test('are counted where they are not in sight', () => {
    expect(hiddenCount({ harm: 'blocking', stuck: 'true', 'metadata.order': '42' })).toBe(2);
  });

  test('are told in words', () => {
    expect(inWords('harm', 'in-doubt-decided,blocking')).toBe(
      'harm: in doubt, decided or blocking',
    );
    expect(inWords('participant', 'alfa')).toBe('participant alfa');
    expect(inWords('metadata.order', '42')).toBe('metadata order is 42');
    expect(inWords('unheard-of', 'x')).toBe('unheard-of is x');
  });

  test('of metadata are typed as name and value', () => {
    expect(metadataFilter(' order = 42 ')).toEqual(['metadata.order', '42']);
    expect(metadataFilter('note=a=b')).toEqual(['metadata.note', 'a=b']);
    expect(metadataFilter('order')).toBeUndefined();
    expect(metadataFilter('=42')).toBeUndefined();
  });
});
