import { readTrace } from '@spillway/core/trace.ts';
import { z } from 'zod';
import type { Delivery } from '../ports/consumer.ts';
import { traceAttribute } from '../topics.ts';

/** @see https://cloud.google.com/pubsub/docs/push#receive_push */
const pushSchema = z.object({
  /** `data` is base64. */
  message: z.object({ data: z.string().min(1), attributes: z.record(z.string(), z.unknown()).optional() }),
});

/** The message in the body of a push. The data of a body that is no push is the body as it is. */
export function readPush(body: string): Delivery {
  try {
    const { data, attributes } = pushSchema.parse(JSON.parse(body)).message;
    return {
      data: Buffer.from(data, 'base64').toString('utf8'),
      trace: readTrace(attributes?.[traceAttribute]),
    };
  } catch {
    return { data: body, trace: null };
  }
}
