import { type ReadonlySignal, signal } from '@preact/signals';
import type { z } from 'zod';

/** Schemas of a stream's events by name. */
type EventSchemas = Readonly<Record<string, z.ZodType>>;
export type EventHandlers<Schemas extends EventSchemas> = {
  [Name in keyof Schemas]?: (event: z.infer<Schemas[Name]>) => void;
};

/** `idle`: the server ended the stream because there was nothing to tell; it is opened again by `resume`. */
export type StreamState = 'connecting' | 'open' | 'lost' | 'idle';

export interface EventStream {
  readonly state: ReadonlySignal<StreamState>;
  /** Opens a stream that has become idle. */
  resume(): void;
  close(): void;
}

const firstRetryMs = 2_000;
const lastRetryMs = 30_000;

/**
 * Listens to server-sent events and parses each with its schema. The browser reconnects after a cut and says where it
 * stopped; where it gives up (an answer that is not a stream) a new connection is tried here, ever less often.
 */
export function openEventStream<Schemas extends EventSchemas>(
  url: string,
  schemas: Schemas,
  handlers: EventHandlers<Schemas>,
): EventStream {
  const state = signal<StreamState>('connecting');
  let source: EventSource;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let retryMs = firstRetryMs;

  const connect = () => {
    const opened = new EventSource(url);
    source = opened;
    opened.addEventListener('open', () => {
      state.value = 'open';
      retryMs = firstRetryMs;
    });
    opened.addEventListener('error', () => {
      state.value = 'lost';
      if (opened.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(connect, retryMs);
      retryMs = Math.min(lastRetryMs, retryMs * 2);
    });
    opened.addEventListener('idle', () => {
      // Closed first: a listener that hears of the state may resume at once.
      opened.close();
      state.value = 'idle';
    });
    for (const name in schemas) listen(opened, name, schemas[name], handlers[name]);
  };
  connect();
  return {
    state,
    resume() {
      if (state.peek() !== 'idle') return;
      state.value = 'connecting';
      connect();
    },
    close() {
      clearTimeout(retry);
      source.close();
    },
  };
}

function listen<Schema extends z.ZodType>(
  source: EventSource,
  name: string,
  schema: Schema,
  handler: ((event: z.infer<Schema>) => void) | undefined,
): void {
  if (!handler) return;
  source.addEventListener(name, (message) => {
    const event = parseEvent(schema, message.data);
    if (event.ok) handler(event.value);
    else console.warn(`An event '${name}' could not be read.`, event.problem);
  });
}

type ParsedEvent<Value> = { ok: true; value: Value } | { ok: false; problem: unknown };

/** Parses the text of one event. */
export function parseEvent<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
): ParsedEvent<z.infer<Schema>> {
  try {
    return { ok: true, value: schema.parse(JSON.parse(text)) };
  } catch (problem) {
    return { ok: false, problem };
  }
}
