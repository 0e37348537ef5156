import { z } from 'zod';
import { failureCodeList } from './errors.ts';
import { blameSchema, crc32cSchema, instant, modelSchema, targetSchema, timingsSchema } from './job.ts';

/** The receipt beside a result. Both are written at once; when the job has `succeeded`, and at its event, both are there. */
export const receiptSchema = z.object({
  schemaVersion: z.number(),
  jobId: z.string(),
  source: z.object({ bucket: z.string(), name: z.string(), generation: z.string(), crc32c: crc32cSchema }),
  operation: z.string(),
  options: z.record(z.string(), z.unknown()),
  model: modelSchema.nullable(),
  notes: z.array(z.string()).default([]),
  result: z.object({ bucket: z.string(), name: z.string(), contentType: z.string(), crc32c: crc32cSchema }),
  ran: z.object({ target: targetSchema, worker: z.string(), reason: z.string(), explanation: z.string() }),
  timings: timingsSchema.omit({ storeMs: true, totalMs: true }),
  attempts: z.number(),
  at: instant,
});
export type Receipt = z.infer<typeof receiptSchema>;

/** The error report (`….error.json`) that an integrator finds instead of a result if the job fails. */
export const errorReportSchema = z.object({
  code: z.enum(failureCodeList),
  message: z.string(),
  retryable: z.boolean(),
  blame: blameSchema.optional(),
  jobId: z.string(),
  source: z.object({ bucket: z.string(), name: z.string(), generation: z.string() }),
  operation: z.string(),
  at: instant,
});
export type ErrorReport = z.infer<typeof errorReportSchema>;
