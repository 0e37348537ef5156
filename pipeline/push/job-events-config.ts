import { z } from 'zod';

/** Where the embedded engine pushes the ends of jobs to. In the cloud, people subscribe to `job-events` in Pub/Sub. */
export const jobEventsConfigShape = {
  /** An address that takes the CloudEvents. Without one they are kept for some time, and pushed nowhere. */
  SPILLWAY_JOB_EVENTS_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** What the requests say of who sends them: `Authorization: Bearer …`. */
  SPILLWAY_JOB_EVENTS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
    .optional(),
};
export type JobEventsConfig = z.infer<z.ZodObject<typeof jobEventsConfigShape>>;
