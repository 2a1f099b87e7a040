// Dice from a seed: sfc32 (Chris Doty-Humphrey, PractRand), seeded by a hash of what it is for.
//
// R1. Every purpose has a stream of its own. What is drawn for one of them changes nothing for the
//     others, so a fault can be dropped and the rest of the run stays as it was as far as it can:
//     that is what makes minimising work.

/** An independent stream of random numbers: the same for the same seed, purpose and index. */
export function streamOf(seed: number, purpose: string, index = 0): Prng {
  return new Prng(hashOf(purpose, seed), hashOf(purpose, index ^ 0x5bd1e995), index);
}

export class Prng {
  private counter = 1;

  constructor(
    private a: number,
    private b: number,
    private c: number,
  ) {
    for (let i = 0; i < 12; i++) this.next();
  }

  /** A whole number below 2^32. */
  next(): number {
    const result = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + result;
    return result >>> 0;
  }

  /** From 0 to below 1. */
  fraction(): number {
    return this.next() / 0x1_0000_0000;
  }

  /** True with this probability. */
  chance(ratio: number): boolean {
    return this.fraction() < ratio;
  }

  /** A whole number, both bounds included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  /** Like `whole`, but small numbers are as likely as large ones: 1 to 10 as 100 to 1,000. */
  magnitude(min: number, max: number): number {
    return Math.round(min * (max / min) ** this.fraction());
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.whole(0, values.length - 1)];
    if (value === undefined) throw new RangeError('there is nothing to pick from');
    return value;
  }

  shuffled<Value>(values: readonly Value[]): readonly Value[] {
    const keyed = values.map((value) => ({ value, key: this.next() }));
    return keyed.sort((left, right) => left.key - right.key).map(({ value }) => value);
  }
}

/** FNV-1a, finished as MurmurHash3 is. */
export function hashOf(text: string, start = 0): number {
  let hash = start ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
