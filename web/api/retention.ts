import { createRoute } from '@hono/zod-openapi';
import { keptAfterEndMs, keptTombstoneMs } from '@spillway/core/transitions.ts';
import { deletionOfFiles } from '@spillway/pipeline/deletion.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { z } from 'zod';
import { json, problemAnswers, visitorProblems } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { retentionSchema } from './schema.ts';

const dayMs = 24 * 3_600_000;
/** Cloud Storage forgets an upload that was never ended. @see https://cloud.google.com/storage/docs/resumable-uploads */
const unfinishedDays = 7;
/** The settings of a bucket seldom change. Milliseconds. */
const rememberedMs = 60_000;

const getRetention = createRoute({
  method: 'get',
  path: '/retention',
  operationId: 'getRetention',
  tags: ['jobs'],
  middleware: limited('reads', null),
  summary: 'How long what a visitor sends is kept',
  responses: {
    200: json(retentionSchema, 'As the buckets are set now.'),
    ...problemAnswers(...visitorProblems),
  },
});

/** `GET /retention`. */
export function retentionRoutes({ ports }: Pick<ApiDependencies, 'ports'>) {
  let known: { until: number; answer: Promise<z.input<typeof retentionSchema>> } | null = null;
  const read = () => {
    const now = ports.clock.now().getTime();
    if (known && now < known.until) return known.answer;
    const answer = retentionOf(ports);
    known = { until: now + rememberedMs, answer };
    // A failure is not remembered.
    answer.catch(() => {
      known = null;
    });
    return answer;
  };
  return createOpenApiApp().openapi(getRetention, async (c) => c.json(await read(), 200));
}

async function retentionOf({ blobs, buckets }: Pick<Ports, 'blobs' | 'buckets'>) {
  const [originals, results, deleted] = await Promise.all([
    blobs.lifetime(buckets.webUploads),
    blobs.lifetime(buckets.results),
    deletionOfFiles({ blobs, buckets }),
  ]);
  return {
    originals,
    results,
    deleted,
    jobDays: keptAfterEndMs / dayMs,
    tombstoneDays: keptTombstoneMs / dayMs,
    unfinishedDays,
  };
}
