import { InferenceSession } from 'onnxruntime-node';

/**
 * Opens a session of onnxruntime, which tells nobody of it. By itself the official library reports each session to
 * Microsoft, keeps an identifier of the machine in the user's folder, and leaves an empty file among the temporary ones.
 * It looks at this variable before its first session.
 *
 * @param model Path of a file, or the model itself.
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
 */
export function openSession(
  model: string | Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  process.env.ORT_DISABLE_TELEMETRY = '1';
  return typeof model === 'string'
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options);
}
