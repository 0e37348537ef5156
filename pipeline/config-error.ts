/** The environment does not say what a program needs, or contradicts itself. A person has to mend it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
