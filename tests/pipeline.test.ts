import { afterAll, inject } from 'vitest';
import { describePipeline } from './pipeline-cases.ts';
import { clientOf } from './stack-client.ts';

const client = clientOf(inject('stack'));
afterAll(() => client.close());

describePipeline(() => client);
