import type { Timers } from '@spillway/pipeline/ports/ports.ts';

/** Milliseconds after which a browser whose stream ended opens the next. */
const reconnectMs = 2_000;
/** Proxies drop connections that are silent; a write also finds out that the other side has gone. */
const heartbeatMs = 15_000;
/**
 * A stream ends after ten minutes, well before the platform would cut it off (Cloud Run's request timeout, which has to be
 * longer), so that its reader shows the cookie again and may come to another instance.
 * @see https://cloud.google.com/run/docs/configuring/request-timeout
 */
const longestMs = 600_000;

interface ServerSentEvent {
  /** An event that has not been sent yet is replaced by a later one with the same key. */
  key: string;
  event: string;
  /** An object that several streams send becomes JSON once, so it must not change. */
  data: object;
  id?: string;
}

export interface EventStream {
  readonly body: ReadableStream<Uint8Array>;
  send(event: ServerSentEvent): void;
  /** Ends the stream after what is still to be sent; the browser then reconnects. */
  close(): void;
}

/**
 * Server-sent events that a slow reader cannot pile up: what it has not taken waits by key, latest last, so that
 * the memory one stream holds is bounded by what can change. `onEnd` runs once, however the stream ends.
 */
export function openEventStream(timers: Timers, onEnd: () => void): EventStream {
  const encoder = new TextEncoder();
  const waiting = new Map<string, string>([['', `retry: ${reconnectMs}\n\n`]]);
  let state: 'open' | 'closing' | 'ended' = 'open';
  let wake = () => {};

  const stopHeartbeat = timers.every(heartbeatMs, () => put('heartbeat', ': still here\n\n'));
  const stopLifetime = timers.every(longestMs, () => close());

  function put(key: string, frame: string): void {
    if (state !== 'open') return;
    // Removed first, so that the order of what waits stays the order of the latest changes.
    waiting.delete(key);
    waiting.set(key, frame);
    wake();
  }

  function close(): void {
    if (state !== 'open') return;
    state = 'closing';
    release();
    wake();
  }

  function release(): void {
    stopHeartbeat();
    stopLifetime();
    onEnd();
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (waiting.size === 0 && state === 'open') {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (state === 'ended') return;
        if (waiting.size > 0) {
          const frames = [...waiting.values()].join('');
          waiting.clear();
          controller.enqueue(encoder.encode(frames));
        }
        if (state === 'closing') controller.close();
      },
      cancel() {
        const before = state;
        state = 'ended';
        waiting.clear();
        if (before === 'open') release();
        wake();
      },
    },
    { highWaterMark: 0 },
  );

  return { body, close, send: ({ key, ...event }) => put(`event ${key}`, frameOf(event)) };
}

/** Headers under which browsers and proxies pass events on as they come. */
export const eventStreamHeaders = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/** JSON of what was sent already. */
const known = new WeakMap<object, string>();

function jsonOf(data: object): string {
  const json = known.get(data) ?? JSON.stringify(data);
  known.set(data, json);
  return json;
}

function frameOf({ event, data, id }: Omit<ServerSentEvent, 'key'>): string {
  // JSON holds no line break of its own, so one data line is enough.
  const lines = [`event: ${event}`, `data: ${jsonOf(data)}`];
  if (id !== undefined) lines.unshift(`id: ${id}`);
  return `${lines.join('\n')}\n\n`;
}
