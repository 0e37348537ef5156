import type { Log } from '../ports/ports.ts';

/**
 * Logs what Node would write as plain text: an error that nobody caught, with which the program ends, and Node's
 * warnings. Text of many lines would become as many entries, and could have secrets. To be called once, by a program.
 */
export function logProcessFaults(log: Log): void {
  process.on('uncaughtException', (error: unknown) => {
    log.error({ error }, 'The program ends, because nobody has caught an error.');
    process.exit(1);
  });
  // Node's own listener writes them to standard error.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn({ error: warning }, `${warning.name}: ${warning.message}`));
}
