// What people may want to know of a coordinator that has no log of its own.
import { InvariantViolation } from '@concordat/protocols';
import type { Note, RecoveryObserver, Scan } from '@concordat/recovery';

export interface EmbeddedObserver {
  /** Something went wrong, and is or will be mended. */
  troubled(where: string, error: unknown): void;
  /** Recovery has found a prepared branch that somebody should know of, or has dealt with it. */
  noted?(note: Note): void;
  /** Recovery has looked at a database, or could not: `error` says why. */
  scanned?(scan: Scan): void;
}

/** Told of everything; what the application does not listen to is a trouble. */
export interface Reporting extends RecoveryObserver {
  readonly troubled: (where: string, error: unknown) => void;
}

/** Where nobody listens, a warning of the process: nothing is swallowed. */
const warning: EmbeddedObserver = {
  troubled: (where, error) => {
    const message = error instanceof Error ? error.message : String(error);
    process.emitWarning(`${where}: ${message}`, 'ConcordatWarning');
  },
};

export function reportingTo(observer: EmbeddedObserver = warning): Reporting {
  const troubled = (where: string, error: unknown): void => {
    if (error instanceof InvariantViolation) throw error; // the program is wrong: let it end
    observer.troubled(where, error);
  };
  const errors = new Map<string, string | undefined>();
  /** Once, until it is mended or another. */
  const unreachable = ({ resourceManager, error }: Scan): void => {
    if (error !== undefined && error !== errors.get(resourceManager)) {
      troubled('recovery', new Error(error));
    }
    errors.set(resourceManager, error);
  };
  const sentence = ({ branch, verdict, done }: Note): void => {
    const more = 'reason' in done ? `, ${done.reason}` : '';
    troubled('recovery', new Error(`${branch.gid}: ${verdict.reason} (${done.type}${more})`));
  };
  return {
    troubled,
    noted: (note) => (observer.noted === undefined ? sentence(note) : observer.noted(note)),
    scanned: (scan) =>
      observer.scanned === undefined ? unreachable(scan) : observer.scanned(scan),
  };
}
