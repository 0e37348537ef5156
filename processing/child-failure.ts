import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { failureCodes, type MachineError, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { machineErrorOf, nativeMachineErrorOf } from '@spillway/core/machine-lack.ts';
import type { ChildOutcome } from './child-protocol.ts';
import { PluginFault } from './plugin-fault.ts';

/** What an error that ended a job in a child means, as a value that can be sent to the parent. */
export function failureOutcome(error: unknown): ChildOutcome {
  const detail = textOf(error);
  const fault = machineFault(error);
  if (fault) return { kind: 'machine', lack: fault.lack, message: fault.message, detail };
  if (error instanceof PermanentError) {
    return { kind: 'permanent', code: error.code, message: error.message, detail };
  }
  if (error instanceof RetryableError) {
    return { kind: 'retryable', code: error.code, message: error.message, detail };
  }
  if (isAllocationFailure(error)) {
    return { kind: 'retryable', code: 'out_of_memory', message: failureCodes.out_of_memory, detail };
  }
  return {
    kind: 'unexpected',
    signature: signatureOf(error instanceof PluginFault ? error.cause : error),
    detail,
  };
}

/** The sentences of our own errors may quote a stranger's text; only others are read for what the system says. */
export function machineFault(error: unknown): MachineError | null {
  if (error instanceof PluginFault) return null;
  const isOurOwn = error instanceof PermanentError || error instanceof RetryableError;
  return isOurOwn ? machineErrorOf(error) : nativeMachineErrorOf(error);
}

/** For the log. Whatever was thrown, also what is no error, has no text of its own, or is its own cause. */
export function textOf(error: unknown): string {
  return typeof error === 'string' ? error : inspect(error, { customInspect: false });
}

/** How V8 says that the system gave it no memory for an array. */
export function isAllocationFailure(error: unknown): boolean {
  return error instanceof RangeError && /allocation failed|could not allocate memory/i.test(error.message);
}

/** Without the paths and numbers that differ from attempt to attempt. A hash, because it may hold a stranger's text. */
function signatureOf(error: unknown): string {
  const { name, message, stack } = error instanceof Error ? error : new Error(textOf(error));
  const thrownIn = /^\s+at ([\w.<>]+) /m.exec(stack ?? '')?.[1] ?? '';
  const said = String(message)
    .replaceAll(/(?:\/[^\s:'"]+)+/g, '<path>')
    .replaceAll(/\d+/g, '#');
  return createHash('sha256').update(`${name}\n${said}\n${thrownIn}`).digest('hex').slice(0, 16);
}
