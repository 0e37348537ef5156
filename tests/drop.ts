import { afterAll, inject } from 'vitest';
import { clientOf } from './stack-client.ts';

const client = clientOf(inject('stack'));
afterAll(() => client.close());

/** What an integrator does with the stack that the tests share, and a look at what it keeps. */
export const {
  storage,
  documents,
  messages,
  vms,
  drop,
  jobsWhere,
  jobsOf,
  jobsUnder,
  endedJobs,
  readResult,
  readResultJson,
} = client;
