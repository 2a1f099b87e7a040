// How a command ends, for scripts:
//
//   0   done: it was done, or was so already; a question was answered
//   1   refused (also for want of a key), or not possible; or what was looked at is not in order
//       (doctor, audit verify)
//   2   the command was not understood, or the key cannot be used: others may read its file
//   3   the coordinator cannot be reached, or cannot answer now: of an action it may not be known
//       whether it was done, and then that is said

export const exitCodes = { done: 0, refused: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends a command. Its message is for people, and says nothing secret. */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** @param problem what the coordinator has answered, or would have: printed by `--json` */
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    readonly problem: object = { detail: message },
  ) {
    super(message);
  }
}

export function usage(message: string): Failure {
  return new Failure(exitCodes.usage, message);
}

export function refused(message: string): Failure {
  return new Failure(exitCodes.refused, message);
}
