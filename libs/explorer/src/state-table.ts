// Every state that a search has reached, in the order in which it was reached.
//
// A state is a row of `width` numbers. Rows lie one after the other in one array; a hash table with
// open addressing finds them. Rows are compared in full: no two states are ever taken for one. With
// 8 columns a state costs about 50 bytes, so ten million fit into half a gigabyte.

export type State = readonly number[];

const STATES_AT_FIRST = 1 << 12;

export class StateTable {
  private rows: Int32Array;
  private parents: Int32Array;
  /** The number of a state plus one; 0 is a free slot. Twice as many slots as states, at least. */
  private slots: Int32Array;
  private count = 0;

  constructor(private readonly width: number) {
    this.rows = new Int32Array(STATES_AT_FIRST * width);
    this.parents = new Int32Array(STATES_AT_FIRST);
    this.slots = new Int32Array(STATES_AT_FIRST * 2);
  }

  get size(): number {
    return this.count;
  }

  /** @returns the number of the state, which is the next one; or undefined if it was known */
  add(state: State, parent: number): number | undefined {
    if (this.count === this.parents.length) this.grow();
    const slot = this.slotOf(state);
    if (this.slots[slot] !== 0) return undefined;
    const id = this.count++;
    this.rows.set(state, id * this.width);
    this.parents[id] = parent;
    this.slots[slot] = id + 1;
    return id;
  }

  at(id: number): State {
    return Array.from(this.rows.subarray(id * this.width, (id + 1) * this.width));
  }

  /** The state from which this one was reached first; itself if the search began there. */
  parentOf(id: number): number {
    return this.parents[id] ?? id;
  }

  /** Where the state is, or would be. */
  private slotOf(state: ArrayLike<number>): number {
    const mask = this.slots.length - 1;
    let slot = hashOf(state) & mask;
    for (;;) {
      const taken = this.slots[slot] ?? 0;
      if (taken === 0 || this.isAt(taken - 1, state)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private isAt(id: number, state: ArrayLike<number>): boolean {
    const start = id * this.width;
    for (let i = 0; i < this.width; i++) if (this.rows[start + i] !== state[i]) return false;
    return true;
  }

  private grow(): void {
    const { rows, parents, width } = this;
    this.rows = new Int32Array(rows.length * 2);
    this.rows.set(rows);
    this.parents = new Int32Array(parents.length * 2);
    this.parents.set(parents);
    this.slots = new Int32Array(this.slots.length * 2);
    for (let id = 0; id < this.count; id++) {
      this.slots[this.slotOf(rows.subarray(id * width, (id + 1) * width))] = id + 1;
    }
  }
}

/** FNV-1a over whole numbers, and one last stir for the low bits. */
function hashOf(state: ArrayLike<number>): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < state.length; i++) {
    hash = Math.imul(hash ^ (state[i] ?? 0), 0x01000193);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
