import { PermanentError, RetryableError } from '@spillway/core/errors.ts';

/** How onnxruntime, the C++ library below it and the system say that there was no memory, or no thread, left. */
const exhaustion = /bad_alloc|allocate memory|smaller than requested bytes|Resource temporarily unavailable/i;

/**
 * What an error of onnxruntime means for the job: the model is at fault, unless the machine is.
 * @param message Of the model, in one sentence.
 */
export function inferenceFailure(cause: unknown, message: string): PermanentError | RetryableError {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (exhaustion.test(text)) {
    return new RetryableError('out_of_memory', 'The machine has too little memory left for the model.', {
      cause,
    });
  }
  return new PermanentError('model_invalid', message, { cause });
}
