import { inject } from 'vitest';
import { clientOf } from './stack-client.ts';

const stack = inject('stack');
process.env.FIRESTORE_EMULATOR_HOST = stack.firestore;

/** What an integrator does with the stack that the tests share. */
export const { storage, firestore, drop, jobsOf, jobsMatching, endedJobs, readResult, readResultJson } =
  clientOf(stack);
