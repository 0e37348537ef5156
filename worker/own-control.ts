import type { Control } from '@spillway/core/heartbeat.ts';
import type { Fleet } from '@spillway/pipeline/ports/fleet.ts';

/** `controls/{id}` of this worker, which the worker itself, the admin and the router's breaker write to. */
export interface OwnControl {
  /**
   * What is wanted of this worker. Null where this worker wrote to the document during the reading: the reading may
   * then be older than that write. Throws `OutageError`.
   */
  read(): Promise<Control | null>;
  /** Writes in the order of the calls. Throws `OutageError`. */
  change(change: Partial<Control>): Promise<void>;
}

export function ownControl(worker: string, fleet: Fleet): OwnControl {
  let writes: Promise<unknown> = Promise.resolve();
  let inProgress = 0;
  let begun = 0;
  return {
    async read() {
      const begunBefore = begun;
      const wasWriting = inProgress > 0;
      const control = await fleet.control(worker);
      return wasWriting || begun > begunBefore ? null : control;
    },
    change(change) {
      begun++;
      inProgress++;
      const write = writes
        .then(async () => fleet.changeControl(worker, change))
        .finally(() => {
          inProgress--;
        });
      writes = write.catch(() => {});
      return write;
    },
  };
}
