import type { Target } from '@spillway/core/job.ts';
import type { JobEnded, JobMessage } from '@spillway/core/messages.ts';
import type { Awaitable } from '@spillway/core/steps.ts';

/** The topics. Publishing resolves when the service has taken the message, and throws `OutageError` otherwise. */
export interface Queue {
  /** @param trace The `traceparent` that the message carries beside its data; null for none. */
  publish(target: Target, message: JobMessage, trace: string | null): Awaitable<void>;
  /** Publishes to `job-events`; `id` makes repeated announcements of one end recognizable. */
  announce(id: string, event: JobEnded, at: Date, trace: string | null): Awaitable<void>;
  /** Publishes to `jobs-dead` a message that no worker can read, with what is wrong with it. */
  bury(data: string, problem: string): Awaitable<void>;
}
