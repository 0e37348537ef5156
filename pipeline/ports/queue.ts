import type { Target } from '@spillway/core/job.ts';
import type { JobEnded, JobMessage } from '@spillway/core/messages.ts';
import type { Awaitable } from '@spillway/core/steps.ts';

/** The topics. Publishing resolves when the service has taken the message, and throws `OutageError` otherwise. */
export interface Queue {
  publish(target: Target, message: JobMessage): Awaitable<void>;
  /** Publishes to `job-events`; `id` makes repeated announcements of one end recognizable. */
  announce(id: string, event: JobEnded, at: Date): Awaitable<void>;
  /** Publishes to `jobs-dead` a message that no worker can read, with what is wrong with it. */
  bury(data: string, problem: string): Awaitable<void>;
}
