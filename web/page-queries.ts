import { jobQuerySchema } from '@spillway/core/job-query.ts';
import { z } from 'zod';

/** What the addresses of pages may ask for. Pages that are not here take whatever is behind their `?`. */
const queries: Record<string, z.ZodObject | undefined> = {
  '/dashboard/jobs/': jobQuerySchema
    .extend({ cursor: z.string().max(200).optional(), view: z.enum(['causes', 'letters']).optional() })
    .strict(),
};

/**
 * Whether a page's address asks for something that there is not. The page is sent all the same, since it explains what is
 * wrong; its status tells programs.
 */
export function isWrongAddress(path: string, search: URLSearchParams): boolean {
  return queries[path]?.safeParse(Object.fromEntries(search)).success === false;
}
