import { messageOf, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { nativeMachineErrorOf } from '@spillway/core/machine-lack.ts';

/** The messages of onnxruntime, the C++ library and the system if there is no memory left. */
const exhaustion = /bad_alloc|allocate memory|smaller than requested bytes/i;

/**
 * The meaning of an error of onnxruntime for the job: the model is at fault, unless the machine is (`MachineError`).
 * @param message One sentence about the model.
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
