import { RequestError } from '@hono/node-server';
import { InvalidCursorError, OutageError, RefusedError, StorageFullError } from '@spillway/core/errors.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import type { Problem } from './schema.ts';

/** Every answer that is not what was asked for. Codes are part of the contract: clients branch on them. */
export const problems = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  admin_required: { status: 401, title: 'Only an admin may do this' },
  proxy_required: { status: 401, title: 'Identity-Aware Proxy has signed in nobody' },
  invalid_key: { status: 401, title: 'The API key is not valid' },
  cross_site: { status: 403, title: 'The request came from another site' },
  wrong_token: { status: 403, title: 'The admin token is wrong' },
  not_admin: { status: 403, title: 'The person who is signed in is not an admin' },
  missing_scope: { status: 403, title: 'The API key may not do this' },
  link_required: { status: 401, title: 'Only who has the private link may see this' },
  not_found: { status: 404, title: 'There is no such thing' },
  unknown_route: { status: 404, title: 'There is no such address' },
  no_result: { status: 404, title: 'The job has no result' },
  no_thumbnail: { status: 404, title: 'The job has no such thumbnail' },
  no_mask: { status: 404, title: 'The job has no mask' },
  source_gone: { status: 404, title: 'The original is gone' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  not_drainable: { status: 409, title: 'The worker cannot be drained' },
  changed_since: { status: 409, title: 'Somebody has changed the same value since' },
  settings_changed: { status: 409, title: 'The settings have changed meanwhile' },
  what_if_running: { status: 409, title: 'Something is tried out already' },
  not_ended: { status: 409, title: 'The job has not ended' },
  already_ended: { status: 409, title: 'The job has already ended' },
  already_succeeded: { status: 409, title: 'The job has succeeded' },
  not_replayable: { status: 409, title: 'The message cannot be replayed' },
  nothing_matches: { status: 409, title: 'There is no such job' },
  too_many_jobs: { status: 409, title: 'These are too many jobs at once' },
  action_under_way: { status: 409, title: 'Another action is under way' },
  not_retryable: { status: 409, title: 'Running the job again cannot help' },
  too_many_runs: { status: 409, title: 'Too much was made of this picture' },
  too_many_links: { status: 409, title: 'There are too many private links' },
  link_ended: { status: 410, title: 'The private link has ended' },
  link_revoked: { status: 410, title: 'The private link was revoked' },
  body_too_large: { status: 413, title: 'The body is too large' },
  file_too_large: { status: 413, title: 'The file is too large to be shown' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  unsupported_type: { status: 415, title: 'The file is not a picture that can be shown' },
  too_many_results: { status: 413, title: 'There are too many results for one archive' },
  range_not_satisfiable: { status: 416, title: 'The file does not have these bytes' },
  invalid_options: { status: 422, title: 'The options are not valid' },
  too_many_requests: { status: 429, title: 'Too many requests in a short time' },
  too_many_streams: { status: 429, title: 'Too many event streams are open' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'A service does not answer' },
  storage_full: { status: 507, title: 'There is no room for more' },
} as const;
export type ProblemCode = keyof typeof problems;
type FieldError = NonNullable<Problem['errors']>[number];

/** Thrown by handlers, so that they return nothing but what the route promises. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly headers: Record<string, string>;
  readonly errors: Problem['errors'];

  constructor(
    code: ProblemCode,
    detail: string,
    more: { headers?: Record<string, string>; errors?: Problem['errors'] } = {},
  ) {
    super(detail);
    this.code = code;
    this.headers = more.headers ?? {};
    this.errors = more.errors;
  }
}

/** The answer to a request that failed with `error`, whatever it is. Internals go to the log, never to the client. */
export function problemResponse(error: unknown, c: Context, log: Log): Response {
  const problem = asProblem(error);
  if (problem.code === 'internal' || problem.code === 'unavailable' || problem.code === 'storage_full') {
    log.error({ error, method: c.req.method, path: c.req.path }, 'A request failed.');
  }
  return c.newResponse(...answerOf(problem));
}

/** The answer to what failed outside every route: to a request that cannot even be read as one. */
export function unreadableRequest(error: unknown, log: Log): Response {
  if (error instanceof RequestError) {
    const detail = 'The address or the headers of the request are not valid.';
    const [body, status, headers] = answerOf(new ProblemError('invalid_request', detail));
    return new Response(body, { status, headers });
  }
  log.error({ error }, 'A request failed before any route took it.');
  const [body, status, headers] = answerOf(asProblem(error));
  return new Response(body, { status, headers });
}

function answerOf(problem: ProblemError): [string, ContentfulStatusCode, Record<string, string>] {
  const { status, title } = problems[problem.code];
  const body: Problem = {
    type: `urn:spillway:problem:${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.message,
    ...(problem.errors ? { errors: problem.errors } : {}),
  };
  const headers = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...problem.headers,
  };
  return [JSON.stringify(body), status, headers];
}

/** What is wrong with a request that does not match its schema, field by field. */
export function validationProblem(error: z.ZodError, where: string): ProblemError {
  const errors = error.issues.flatMap((issue) => {
    const path = [where, ...issue.path].join('.');
    if (issue.code !== 'unrecognized_keys') return { path, message: issue.message };
    return issue.keys.map((key) => unknownField(`${path}.${key}`));
  });
  return invalidFields(errors);
}

export function unknownFieldsProblem(paths: string[]): ProblemError {
  return invalidFields(paths.map(unknownField));
}

function unknownField(path: string): FieldError {
  return { path, message: 'There is no such field.' };
}

export function invalidFields(errors: FieldError[]): ProblemError {
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new ProblemError('invalid_request', detail, { errors });
}

function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof InvalidCursorError) {
    return invalidFields([{ path: 'query.cursor', message: error.message }]);
  }
  if (error instanceof RefusedError && error.scope === 'request') {
    return new ProblemError('invalid_request', 'The request holds what cannot be stored.');
  }
  if (error instanceof StorageFullError) {
    const detail =
      'No more pictures are taken, since there is no room for them. Please try again later, or tell whoever runs this site.';
    return new ProblemError('storage_full', detail);
  }
  if (error instanceof OutageError || error instanceof RefusedError) {
    return new ProblemError('unavailable', 'A service behind this site does not answer. Please try again.', {
      headers: { 'Retry-After': '5' },
    });
  }
  if (error instanceof HTTPException) return ofHono(error);
  if (isBrokenOff(error)) return new ProblemError('invalid_request', 'The request broke off.');
  return new ProblemError('internal', 'The request could not be finished. It has been logged.');
}

/** What Node says of a body whose sender has gone. Calls to services throw errors of their own. */
function isBrokenOff(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && error.code === 'ECONNRESET' && error.message === 'aborted'
  );
}

/** Hono itself refuses a body before any handler sees it. */
function ofHono(error: HTTPException): ProblemError {
  if (error.status === 400) return new ProblemError('invalid_json', 'The body could not be read as JSON.');
  if (error.status === 415) {
    return new ProblemError('unsupported_media_type', 'Send the body with Content-Type: application/json.');
  }
  return new ProblemError('internal', 'The request could not be finished. It has been logged.');
}
