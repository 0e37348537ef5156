/** Something cannot be built, and the person who builds it can fix the reason. The message says how. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}
