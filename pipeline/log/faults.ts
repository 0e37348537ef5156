import {
  MachineError,
  OutageError,
  PermanentError,
  RefusedError,
  RetryableError,
  UnreadableDocumentError,
} from '@spillway/core/errors.ts';
import { ConfigError } from '../config-error.ts';
import { NotSetUpError } from '../preflight.ts';

const foreseen = [
  PermanentError,
  RetryableError,
  OutageError,
  RefusedError,
  UnreadableDocumentError,
  MachineError,
  ConfigError,
  NotSetUpError,
];
/** What gives up on purpose, by the names that the platform gives. */
const purposes = ['AbortError', 'TimeoutError'];

/**
 * Whether an error is a fault of our code: nobody foresaw it. None is what a service, a machine, a picture or a person is
 * to blame for, what gives up on purpose, and an answer of a service or of the system, which has a code.
 */
export function isFault(thrown: unknown): thrown is Error {
  if (!(thrown instanceof Error) || purposes.includes(thrown.name)) return false;
  if ([thrown, thrown.cause].some((error) => foreseen.some((kind) => error instanceof kind))) return false;
  return !('code' in thrown) || isOfNode(thrown.code);
}

/** Node gives the mistakes of a program codes such as ERR_INVALID_ARG_TYPE. */
function isOfNode(code: unknown): boolean {
  return code === undefined || (typeof code === 'string' && code.startsWith('ERR_'));
}
