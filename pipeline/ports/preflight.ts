import type { Target } from '@spillway/core/job.ts';

/** Something of the cloud that a program needs. */
export type Need =
  /** Asked for first: without credentials Google's clients end the process at their first call. */
  | { kind: 'credentials' }
  | { kind: 'database' }
  /** What the queries of the job documents need: those of routing and sweep, or those of the site. */
  | { kind: 'indexes'; of: 'routing' | 'site' }
  | { kind: 'topic'; topic: Target | 'dead' | 'events' }
  /** The subscription that VMs pull. */
  | { kind: 'vm_subscription' }
  /** That it is there, whether or not this program may use it. Throws `RefusedError` where it may not even look. */
  | { kind: 'topic_there'; topic: Target | 'dead' | 'events' }
  | { kind: 'subscription_there'; subscription: Target | 'dead' }
  | { kind: 'bucket_there'; bucket: 'uploads' | 'webUploads' | 'results' }
  /** That this subscription never expires, where it exists and this program may look at it. */
  | { kind: 'no_expiration'; subscription: Target | 'dead' }
  /** `list` is to read and to list. `write` is to read, list, create and delete. */
  /** To write metrics to Cloud Monitoring. Not even a lack of it keeps a program from its work. */
  | { kind: 'metrics' }
  | { kind: 'bucket'; bucket: 'uploads' | 'webUploads' | 'results'; access: 'read' | 'list' | 'write' };

export interface Finding {
  /** `lack`: the program cannot work. `warning`: it works now, and may stop later. */
  kind: 'lack' | 'warning';
  /** One sentence. */
  what: string;
  /** The command that mends it. */
  mend: string;
}

/** Looks before the start whether the cloud gives what a program needs. */
export interface Preflight {
  /** Null where the need is met. Throws `OutageError` where the service does not answer. */
  examine(need: Need): Promise<Finding | null>;
}
