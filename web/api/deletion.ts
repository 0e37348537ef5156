import { createRoute } from '@hono/zod-openapi';
import { deletionOfFiles } from '@spillway/pipeline/deletion.ts';
import { json, problemAnswers, visitorProblems } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { deletionSchema } from './schema.ts';

const getDeletion = createRoute({
  method: 'get',
  path: '/deletion',
  operationId: 'getDeletion',
  tags: ['jobs'],
  middleware: limited('reads', null),
  summary: 'What becomes of the files of a job that is deleted',
  description:
    'Jobs and their addresses are gone at once. Their files may stay in the buckets for some time, out of reach of visitors.',
  responses: {
    200: json(deletionSchema, 'As the buckets are set now.'),
    ...problemAnswers(...visitorProblems),
  },
});

/** The settings of a bucket seldom change. Milliseconds. */
const rememberedMs = 60_000;

/** `GET /deletion`. */
export function deletionRoutes({ ports }: Pick<ApiDependencies, 'ports'>) {
  let known: { until: number; answer: ReturnType<typeof deletionOfFiles> } | null = null;
  const files = () => {
    const now = ports.clock.now().getTime();
    if (known && now < known.until) return known.answer;
    const answer = deletionOfFiles(ports);
    known = { until: now + rememberedMs, answer };
    // A failure is not remembered.
    answer.catch(() => {
      known = null;
    });
    return answer;
  };
  return createOpenApiApp().openapi(getDeletion, async (c) => c.json({ files: await files() }, 200));
}
