import { readProblem } from './request.ts';

/**
 * Sends JSON and reads the events of the answer as they come, the text of each.
 * @returns What went wrong, as a sentence; null where the answer came to its end, or the signal ended it.
 */
export async function requestLines(
  path: string,
  body: unknown,
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<string | null> {
  try {
    const response = await fetch(`/api/v1${path}`, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
    if (!response.ok || !response.body) return (await readProblem(response)).message;
    await readEvents(response.body, onText);
    return null;
  } catch {
    return signal.aborted ? null : 'The server could not be reached.';
  }
}

/** An event is a line that begins with `data: `, and an empty one. */
async function readEvents(body: ReadableStream<Uint8Array>, onText: (text: string) => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) onText(event.replace(/^data: /, ''));
  }
}
