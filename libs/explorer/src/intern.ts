// Numbers for values: equal values have the same number, different ones never have (exact: the
// whole text of a value is its key, not a hash of it).

export class Interner<T> {
  private readonly ids = new Map<string, number>();
  private readonly values: T[] = [];

  /** How many different values have been seen. */
  get size(): number {
    return this.values.length;
  }

  idOf(value: T): number {
    const text = canonical(value);
    const known = this.ids.get(text);
    if (known !== undefined) return known;
    const id = this.values.push(value) - 1;
    this.ids.set(text, id);
    return id;
  }

  valueOf(id: number): T {
    const value = this.values[id];
    if (value === undefined) throw new RangeError(`no value has the number ${id}`);
    return value;
  }
}

/** JSON text in which the fields of objects are in the order of their names. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${name}:${canonical(inner)}`).join()}}`;
}
