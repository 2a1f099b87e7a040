// Values in the text of a statement. Several statements in one query take no parameters, nor do
// PREPARE TRANSACTION and what ends it.
import { assert } from '@concordat/protocols';

/** Ids, and gids made of them: at most as long as Postgres lets a gid be. */
const HARMLESS = /^[A-Za-z0-9_.:-]{1,199}$/;

/** `statement` with $1 … $9 replaced by `values`: integers, and texts that need no escaping. */
export function inlined(statement: string, values: readonly (string | number)[]): string {
  return statement.replaceAll(/\$([1-9])/g, (_, position: string) => {
    const value = values[Number(position) - 1];
    assert(value !== undefined, 'every parameter has a value');
    return literal(value);
  });
}

function literal(value: string | number): string {
  if (typeof value === 'string') {
    assert(HARMLESS.test(value), 'ids are well-formed by the time they are here');
    return `'${value}'`;
  }
  assert(Number.isInteger(value), 'a number in a statement is an integer');
  return BigInt(value).toString(); // never with an exponent
}
