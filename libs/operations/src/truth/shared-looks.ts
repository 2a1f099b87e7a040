// One look at a time at each thing, shared by all who wait for it.
//
//   asked ─▶ is one under way? ──no───────────────────────────────────▶ look
//                 │ yes                                                   ▲
//                 └─▶ wait for its end, with all who have come meanwhile ─┘  once for all of them
//
// Ten people who have the same page open at night would ask each participant ten times otherwise,
// and those that are in trouble the most.
//
// S1. Who asks is told what was begun after he asked: whatever he has done before is in it, be it
//     done here, at another instance, or by hand in the database. So nobody joins a look that is
//     under way; he waits for the next, and that takes twice as long at most.
// S2. One that fails has failed for those who share it. The next is made all the same.
export class SharedLooks<Key, Value> {
  /** Resolve when it is over, whatever came of it. */
  private readonly underWay = new Map<Key, Promise<void>>();
  /** Have not begun. */
  private readonly waiting = new Map<Key, Promise<Value>>();

  /** @param look ends in a time of its own */
  constructor(private readonly look: (key: Key) => Promise<Value>) {}

  /** Rejects as the look does. */
  ask(key: Key): Promise<Value> {
    const waiting = this.waiting.get(key);
    if (waiting !== undefined) return waiting;
    const before = this.underWay.get(key);
    if (before === undefined) return this.begin(key);
    const next = before.then(() => {
      this.waiting.delete(key); // S1: it begins
      return this.begin(key);
    });
    this.waiting.set(key, next);
    return next;
  }

  private begin(key: Key): Promise<Value> {
    const value = this.look(key);
    const end = (): void => void this.underWay.delete(key);
    this.underWay.set(key, value.then(end, end)); // S2
    return value;
  }
}
