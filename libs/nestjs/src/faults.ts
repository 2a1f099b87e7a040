// What is wrong with a class, as it is found: a line each, which says what to add.
import { isId } from '@concordat/wire';

export const NAME_RULE = '1 to 64 characters of A-Z a-z 0-9 _ . -';

export class Faults {
  readonly lines: string[] = [];
  constructor(private readonly className: string) {}
  add(fault: string): void {
    this.lines.push(`${this.className}${fault}`);
  }
}

export function repeatedIn(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** No type guard: what is no name is a string all the same. */
export function isName(text: string): boolean {
  return isId(text);
}
