import { basename } from 'node:path';
import { expect, inject } from 'vitest';
import { recordInto } from './record-queries.ts';

/** A setup file: notes down the queries of test files that run the adapters themselves, beside those of the programs. */
recordInto(inject('recordedQueries'), () => basename(expect.getState().testPath ?? 'a test'));
