import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { failureCodes, type MachineError, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { machineErrorOf, nativeMachineErrorOf } from '@spillway/core/machine-lack.ts';
import type { ChildOutcome } from './child-protocol.ts';
import { PluginFault } from './plugin-fault.ts';

/** The meaning of an error that ended a job in a child, as a value that can be sent to the parent. */
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

/** Our own errors may quote a stranger's text, so only the messages of other errors are searched. */
export function machineFault(error: unknown): MachineError | null {
  if (error instanceof PluginFault) return null;
  const isOurOwn = error instanceof PermanentError || error instanceof RetryableError;
  return isOurOwn ? machineErrorOf(error) : nativeMachineErrorOf(error);
}

/** Text for the log, of any thrown value: also one that is not an error, has no text, or is its own cause. */
export function textOf(error: unknown): string {
  return typeof error === 'string' ? error : inspect(error, { customInspect: false });
}

/** Recognises V8's error if the system has no memory for an array. */
export function isAllocationFailure(error: unknown): boolean {
  return error instanceof RangeError && /allocation failed|could not allocate memory/i.test(error.message);
}

/** Leaves out paths and numbers, which differ between attempts. It is a hash, because the text may be a stranger's. */
function signatureOf(error: unknown): string {
  const { name, message, stack } = error instanceof Error ? error : new Error(textOf(error));
  const thrownIn = /^\s+at ([\w.<>]+) /m.exec(stack ?? '')?.[1] ?? '';
  const said = String(message)
    .replaceAll(/(?:\/[^\s:'"]+)+/g, '<path>')
    .replaceAll(/\d+/g, '#');
  return createHash('sha256').update(`${name}\n${said}\n${thrownIn}`).digest('hex').slice(0, 16);
}
