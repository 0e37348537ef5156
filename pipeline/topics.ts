import { type JobEnded, jobEndedType } from '@spillway/core/messages.ts';

/** Where messages are published to. */
export const topicNames = {
  vm: 'jobs-vm',
  run: 'jobs-run',
  dead: 'jobs-dead',
  events: 'job-events',
  /** Objects that integrators have put into their bucket. */
  uploads: 'uploads-finalized',
  /** The site's own uploads: they never stand behind those of integrators. */
  webUploads: 'web-uploads-finalized',
} as const;

/** Where they are taken from. */
export const subscriptionNames = {
  vm: 'jobs-vm-pull',
  run: 'jobs-run-push',
  dead: 'jobs-dead-pull',
  uploads: 'uploads-finalized-push',
  webUploads: 'web-uploads-finalized-push',
} as const;

/**
 * Uploads of each of the two subscriptions that are routed at the same time: as many as one instance of the function takes
 * (terraform/functions.tf).
 */
export const routedAtOnce = 20;

/** Seconds. A pulled message is extended in small steps. A pushed one waits until the work is done. */
export const ackDeadline = { pull: 20, push: 120 } as const;

/** The most that Pub/Sub allows, because refusals count as attempts. After these a job's message is a dead letter. */
export const mostDeliveryAttempts = 100;

/** How long a message stays away that was refused: longer with each refusal. Seconds. */
export const retryBackoff = { least: 1, most: 30 } as const;

/** The attribute of a job's message that has its `traceparent`. */
export const traceAttribute = 'traceparent';

/** What a dead letter says of itself that nobody has put aside with a reason. */
export const deliveredTooOften = 'It was delivered too often.';

/**
 * The attributes of an event in `job-events`: a CloudEvent in binary mode.
 * @param id The same for repeated announcements of one end.
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md
 */
export function jobEndedAttributes(
  id: string,
  event: JobEnded,
  at: Date,
  trace: string | null,
): Record<string, string> {
  return {
    'ce-id': id,
    'ce-type': jobEndedType,
    'ce-source': '//spillway/jobs',
    'ce-subject': event.jobId,
    'ce-specversion': '1.0',
    'ce-time': at.toISOString(),
    'content-type': 'application/json',
    // https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md
    ...(trace === null ? {} : { 'ce-traceparent': trace }),
  };
}
