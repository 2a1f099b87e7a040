// Lets a DataSource's statements join the global transaction in which they are made.
//
//   repository ──▶ dataSource.createQueryRunner() ──▶ in a global transaction? ──no──▶ as always
//                                                                │yes
//                                                                ▼
//                               a query runner of its branch (taken-runner.ts)
//
// Everything of TypeORM that runs a statement and was not given a query runner asks its DataSource
// for one, and releases it afterwards: repositories, managers, query builders, `transaction()`.
// So this one method is all that is taken over, on the instances that were named; no prototype.
import type { DataSource, QueryRunner } from 'typeorm';
import { Misused } from './errors.js';

type CreateQueryRunner = DataSource['createQueryRunner'];

const originals = new WeakMap<DataSource, CreateQueryRunner>();

/**
 * From now on `dataSource` asks `enlisted` for its query runners.
 * @param enlisted undefined outside a global transaction
 * @throws Misused if somebody else's global transactions have it
 */
export function enlist(dataSource: DataSource, enlisted: () => QueryRunner | undefined): void {
  if (originals.has(dataSource)) {
    throw new Misused('this DataSource is in the global transactions of another coordinator');
  }
  const original = dataSource.createQueryRunner.bind(dataSource);
  originals.set(dataSource, original);
  dataSource.createQueryRunner = (mode) => enlisted() ?? original(mode);
}

/** As if it had never been enlisted. */
export function leave(dataSource: DataSource): void {
  const original = originals.get(dataSource);
  if (original === undefined) return;
  dataSource.createQueryRunner = original;
  originals.delete(dataSource);
}

/** A query runner that is in no global transaction, wherever it is asked for. */
export function originalRunnerOf(dataSource: DataSource): QueryRunner {
  const create = originals.get(dataSource) ?? dataSource.createQueryRunner.bind(dataSource);
  return create('master');
}
