/** The stack cannot start, and the person who started it can fix the reason. The message says how. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** What stopped the start may be over at the next try, whether the person does something or not. */
export class PassingStartError extends StartError {}
