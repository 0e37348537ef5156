import domain from 'node:domain';
import { EventEmitter } from 'node:events';

/**
 * Keeps functions-framework from running each request in a domain of Node's (`wrapHttpFunction` in its
 * function_wrappers.js). From the first domain on, Node calls a hook for each promise, timer and socket of the process.
 * That was a third of the processor time of a routed event. A function that rejects is answered as before. An error that
 * a callback throws outside of a function's promise ends the process, as in every other program.
 * @see https://nodejs.org/docs/latest-v24.x/api/domain.html, which advises against domains
 */
export function serveWithoutDomains(): void {
  // The framework looks the function up at each request.
  domain.create = () => Object.assign(new EventEmitter(), { run: runAtOnce }) as domain.Domain;
}

function runAtOnce<Result>(work: (...args: unknown[]) => Result, ...args: unknown[]): Result {
  return work(...args);
}
