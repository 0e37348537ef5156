/** The stack cannot start, and the person who started it can fix the reason. The message says how. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
