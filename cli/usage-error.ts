/** The command was typed wrongly. The message says what is wrong. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Exit codes of the command. */
export const exitCodes = {
  done: 0,
  /** The command was correct, and some or all of its work failed. */
  failed: 1,
  /** No work was started. */
  usage: 2,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
