import type { Target } from '@spillway/core/job.ts';
import type { JobEnded, JobMessage } from '@spillway/core/messages.ts';

/** The topics. Publishing resolves when the service has taken the message, and throws `OutageError` otherwise. */
export interface Queue {
  publish(target: Target, message: JobMessage): Promise<void>;
  /** Publishes to `job-events`; `id` makes repeated announcements of one end recognizable. */
  announce(id: string, event: JobEnded, at: Date): Promise<void>;
  /** Publishes to `jobs-dead` a message that no worker can read, with what is wrong with it. */
  bury(data: string, problem: string): Promise<void>;
}
