import { messageOf, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { nativeMachineErrorOf } from '@spillway/core/machine-lack.ts';

/** How onnxruntime, the C++ library below it and the system say that there was no memory left. */
const exhaustion = /bad_alloc|allocate memory|smaller than requested bytes/i;

/**
 * What an error of onnxruntime means for the job: the model is at fault, unless the machine is (`MachineError`).
 * @param message Of the model, in one sentence.
 */
export function inferenceFailure(cause: unknown, message: string): Error {
  const fault = nativeMachineErrorOf(cause);
  if (fault) return fault;
  const text = messageOf(cause);
  if (exhaustion.test(text)) {
    return new RetryableError('out_of_memory', 'The machine has too little memory left for the model.', {
      cause,
    });
  }
  return new PermanentError('model_invalid', message, { cause });
}
