// What TypeORM hands out for MariaDB and MySQL: mysql2's connection of a pool.

export interface MysqlConnection {
  /** The server's number of the session. */
  readonly threadId: number | null;
  readonly stream: { destroy(error: Error): unknown };
  query(text: string, values: unknown, done: (error: Error | null, rows: unknown) => void): void;
  on(event: 'error', listener: () => void): unknown;
  destroy(): void;
}

/** Runs a statement. Rejects if it fails. */
export function statementOn(
  connection: MysqlConnection,
  text: string,
  values: readonly string[] = [],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    connection.query(text, [...values], (error, rows) =>
      error === null ? resolve(rows) : reject(error),
    );
  });
}

/**
 * Throws a connection away, at once: mysql2's `destroy` says goodbye, and leaves it to the other
 * end to close, who may not be there any more.
 */
export function brokenOff(connection: MysqlConnection, error: Error): void {
  connection.on('error', () => undefined);
  connection.stream.destroy(error);
  connection.destroy();
}
