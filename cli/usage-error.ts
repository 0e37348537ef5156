/** The command cannot be understood as it was typed: the message says what is wrong with it. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What a command ends with. */
export const exitCodes = {
  done: 0,
  /** The command was right, but its work, or some of it, failed. */
  failed: 1,
  /** Nothing was begun. */
  usage: 2,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
