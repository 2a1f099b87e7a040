import pg from 'pg';
import { QueryFailedError } from 'typeorm';

const LOCK_NOT_AVAILABLE = '55P03';

/** Whether a query through TypeORM has failed because `lock_timeout` was over. */
export function isLockTimeout(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { driverError } = error;
  return driverError instanceof pg.DatabaseError && driverError.code === LOCK_NOT_AVAILABLE;
}
