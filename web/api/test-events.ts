export interface ReceivedEvent {
  event: string;
  data: Record<string, unknown>;
  id: string | null;
}

/** Reads a stream of server-sent events as a browser does. */
export function readEvents(response: Response) {
  if (!response.body) throw new Error('The answer has no body.');
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const raw: string[] = [];
  let buffer = '';

  async function nextFrame(): Promise<string | null> {
    for (;;) {
      const end = buffer.indexOf('\n\n');
      if (end >= 0) {
        const frame = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        raw.push(frame);
        return frame;
      }
      const { done, value } = await reader.read();
      if (done) return null;
      buffer += decoder.decode(value, { stream: true });
    }
  }

  /** The next event, comments and `retry` left out; null at the end of the stream. */
  async function next(): Promise<ReceivedEvent | null> {
    for (;;) {
      const frame = await nextFrame();
      if (frame === null) return null;
      const fields = new Map(
        frame.split('\n').map((line) => {
          const colon = line.indexOf(': ');
          return [line.slice(0, colon), line.slice(colon + 2)] as const;
        }),
      );
      const event = fields.get('event');
      if (event) return { event, data: JSON.parse(fields.get('data') ?? '{}'), id: fields.get('id') ?? null };
    }
  }

  return {
    raw,
    next,
    nextFrame,
    /** All events up to the first of this name, itself included. */
    async until(name: string): Promise<ReceivedEvent[]> {
      const events: ReceivedEvent[] = [];
      for (;;) {
        const event = await next();
        if (!event) throw new Error(`The stream ended before an event "${name}".`);
        events.push(event);
        if (event.event === name) return events;
      }
    },
    leave: () => reader.cancel(),
  };
}

/** Resolves once the condition holds; a test that waits for ever fails by its own time limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
