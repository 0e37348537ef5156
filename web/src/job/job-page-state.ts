import { type ReadonlySignal, signal } from '@preact/signals';
import {
  type JobDetail,
  type JobTrace,
  jobDetailSchema,
  jobTraceSchema,
} from '@spillway/web/api/admin-schema.ts';
import type { AdminDoor } from '../admin/admin-door.ts';
import { requestJson } from '../http/request.ts';

export interface JobPageState {
  readonly job: ReadonlySignal<JobDetail | null>;
  readonly trace: ReadonlySignal<JobTrace | null>;
  /** Why there is no job to show; null where there is one, or it is not known yet. */
  readonly missing: ReadonlySignal<string | null>;
  /**
   * @param door Asked whether this browser may still look, where the job is not shown to it.
   * @returns A function that ends it.
   */
  start(door: Pick<AdminDoor, 'askAgain'>): () => void;
  /** Reads the job at once, after something was done with it. */
  readAgain(): void;
}

const againMs = 2_000;
/** Programs hand their spans over some seconds after the job has ended. */
const timesAfterEnd = 10;

/** What the page of one job shows. It is read again while the job is open, and a few times after its end. */
export function createJobPageState(id: string): JobPageState {
  const job = signal<JobDetail | null>(null);
  const trace = signal<JobTrace | null>(null);
  const missing = signal<string | null>(null);
  let again: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  let timesLeft = timesAfterEnd;
  let asked: Pick<AdminDoor, 'askAgain'> | null = null;

  async function read(door: Pick<AdminDoor, 'askAgain'>): Promise<void> {
    const path = `/admin/jobs/${encodeURIComponent(id)}`;
    const [document, recorded] = await Promise.all([
      requestJson(path, jobDetailSchema),
      requestJson(`${path}/trace`, jobTraceSchema),
    ]);
    if (document.ok) {
      job.value = document.value;
      if (recorded.ok) trace.value = recorded.value;
      return;
    }
    const { status, message } = document.failure;
    if (status === 404 || status === 400) {
      // A job that was deleted while it was shown is no longer to be shown.
      job.value = null;
      missing.value = message;
    } else await door.askAgain();
  }

  function readLater(door: Pick<AdminDoor, 'askAgain'>): void {
    clearTimeout(again);
    if (ended || missing.peek() !== null) return;
    if (job.peek()?.endedAt) timesLeft -= 1;
    if (timesLeft < 0) return;
    again = setTimeout(() => {
      if (document.hidden) readLater(door);
      else void read(door).then(() => readLater(door));
    }, againMs);
  }

  return {
    job,
    trace,
    missing,
    readAgain() {
      timesLeft = timesAfterEnd;
      const door = asked;
      if (door) void read(door).then(() => readLater(door));
    },
    start(door) {
      ended = false;
      asked = door;
      void read(door).then(() => readLater(door));
      return () => {
        ended = true;
        clearTimeout(again);
      };
    },
  };
}

/** The id in the page's address, `/dashboard/jobs/<id>/`; empty where there is none. */
export function jobOfAddress(pathname: string): string {
  return /^\/dashboard\/jobs\/(\w{1,64})\/?$/.exec(pathname)?.[1] ?? '';
}
