// Dice from a seed: mulberry32 (Tommy Ettinger).
export class Random {
  constructor(private state: number) {}

  /** A whole number from 0 to `limit`, without that. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  shuffled<Item>(items: readonly Item[]): readonly Item[] {
    return items
      .map((item) => ({ item, place: this.below(2 ** 32) }))
      .toSorted((one, other) => one.place - other.place)
      .map(({ item }) => item);
  }
}
