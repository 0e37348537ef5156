import { z } from '@hono/zod-openapi';
import type { ApiKeyScope } from '@spillway/core/api-keys.ts';
import { manifestOf, operationNames } from '@spillway/core/operations.ts';
import { isDocumentId } from '@spillway/core/text.ts';
import { type ProblemCode, problems } from './problems.ts';
import { jobPageSchema, jobViewSchema, problemSchema } from './schema.ts';

/** Schemas under the names that the OpenAPI document gives them. */
export const JobDocument = jobViewSchema.meta({ id: 'Job' });
export const JobPage = jobPageSchema.extend({ jobs: z.array(JobDocument) }).meta({ id: 'JobPage' });
const ProblemDocument = problemSchema.meta({ id: 'Problem' });

/** The JSON documents that operations make, each under the name of what it is, such as `Caption`. */
export function anyDocument(): z.ZodType {
  const schemas = operationNames.flatMap((name) => {
    const { produces, words } = manifestOf(name);
    if (produces.kind !== 'json' || !produces.schema) return [];
    return produces.schema.meta({ id: words.result.replaceAll(/[^A-Za-z0-9]/g, '') });
  });
  const [only, ...more] = schemas;
  return only === undefined || more.length > 0 ? z.union([...schemas, z.unknown()]) : only;
}

/** What admins show, as the OpenAPI document names it. */
export const adminSecurity = [{ adminToken: [] }, { adminCookie: [] }, { identityAwareProxy: [] }];
/** What visitors and integrators show. */
export const openTo = (scope: ApiKeyScope) => [{ visitorCookie: [] }, { apiKey: [scope] }];
/** What is answered if a visitor or a program may not ask, or not that often. */
export const visitorProblems = [
  'invalid_key',
  'proxy_required',
  'missing_scope',
  'too_many_requests',
] as const;
/** What is answered if the request is not an admin's. */
export const adminProblems = ['admin_required', 'proxy_required', 'not_admin'] as const;

/** What is answered if an admin's body cannot be taken. */
export const adminBodyProblems = [
  'invalid_request',
  'invalid_json',
  ...adminProblems,
  'cross_site',
  'body_too_large',
  'unsupported_media_type',
] as const;

/** The database keeps some ids for itself, such as `__x__`: no job has one, and asking for it is an error. */
export const jobIdParameter = z.object({
  id: z
    .string()
    .regex(/^\w{1,64}$/, { error: 'is not the id of a job', abort: true })
    .refine(isDocumentId, 'is not the id of a job'),
});

const retryAfter = {
  description: 'Seconds after which the request may be made again.',
  schema: { type: 'integer', minimum: 1 },
} as const;
/** Statuses whose answers say when to come back. */
const passing: ReadonlySet<number> = new Set([429, 503]);

/** A JSON answer, for a route's `responses`. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

interface ProblemAnswer {
  description: string;
  headers?: { 'Retry-After': typeof retryAfter };
  content: { 'application/problem+json': { schema: typeof ProblemDocument } };
}
type ProblemAnswers<Code extends ProblemCode> = {
  [Each in Code as (typeof problems)[Each]['status']]: ProblemAnswer;
};

/** The problems that a route can answer with, by status; what can happen to any request comes of itself. */
export function problemAnswers<const Code extends ProblemCode = never>(
  ...codes: Code[]
): ProblemAnswers<Code | 'invalid_request' | 'internal' | 'unavailable'> {
  const answers: Record<number, ProblemAnswer> = {};
  for (const code of new Set([...codes, 'invalid_request', 'internal', 'unavailable'] as const)) {
    const { status, title } = problems[code];
    const before = answers[status]?.description;
    const description = `\`${code}\`: ${title}.`;
    answers[status] = {
      description: before ? `${before} ${description}` : description,
      content: { 'application/problem+json': { schema: ProblemDocument } },
      ...(passing.has(status) ? { headers: { 'Retry-After': retryAfter } } : {}),
    };
  }
  return answers as ProblemAnswers<Code | 'invalid_request' | 'internal' | 'unavailable'>;
}
