import type { Socket } from 'node:net';

/** More than this in a pipe stops its source until some has gone on. Bytes. */
const mostHeld = 1_024 * 1_024;

/** What one direction of a connection looks at before it hands bytes on. */
export interface PipeCondition {
  /** Milliseconds from here to there. */
  delayMs: number;
  /** Nothing goes on for as long as this is so. */
  stalled: boolean;
}

/**
 * One direction of a connection: bytes go from `source` to `target`, each later by the delay that holds when it comes, and
 * never before those that came earlier.
 * @returns Goes on with what it holds. To be called when the condition has changed.
 */
export function pipeDelayed(source: Socket, target: Socket, condition: () => PipeCondition): () => void {
  const held: { bytes: Buffer | null; dueAt: number }[] = [];
  let heldBytes = 0;
  let timer: NodeJS.Timeout | null = null;

  function take(bytes: Buffer | null): void {
    const dueAt = performance.now() + condition().delayMs;
    held.push({ bytes, dueAt: Math.max(dueAt, held.at(-1)?.dueAt ?? 0) });
    heldBytes += bytes?.length ?? 0;
    if (heldBytes > mostHeld) source.pause();
    goOn();
  }

  function goOn(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    while (held[0] && !condition().stalled && !target.writableNeedDrain) {
      const leftMs = held[0].dueAt - performance.now();
      if (leftMs > 0) {
        timer = setTimeout(goOn, leftMs);
        return;
      }
      const { bytes } = held.shift() ?? { bytes: null };
      if (bytes === null) target.end();
      else {
        heldBytes -= bytes.length;
        target.write(bytes);
      }
    }
    if (heldBytes <= mostHeld) source.resume();
  }

  source.on('data', take);
  source.on('end', () => take(null));
  target.on('drain', goOn);
  source.on('close', () => {
    // A connection that broke takes what is under way with it.
    if (source.errored || target.destroyed) clearTimeout(timer ?? undefined);
  });
  return goOn;
}
