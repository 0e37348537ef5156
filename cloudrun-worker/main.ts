import { messageOf } from '@spillway/core/errors.ts';
import { parseEnvironment } from '@spillway/pipeline/config.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { servesSchema } from './config.ts';
import { serveJobs } from './serve-jobs.ts';
import { servePictures } from './serve-pictures.ts';

/** A Cloud Run instance. What it serves is said by `SPILLWAY_SERVES`. */
const program = 'cloudrun-worker';

try {
  await run();
  process.exit(0);
} catch (error) {
  // One line, because Cloud Logging shows each line as an entry of its own.
  createJsonLog(program).error({ error }, `This instance cannot work and ends. ${messageOf(error)}`);
  process.exit(1);
}

function run(): Promise<void> {
  const { SPILLWAY_SERVES: serves } = parseEnvironment(servesSchema, process.env);
  switch (serves) {
    case 'jobs':
      return serveJobs(program, process.env);
    case 'pictures':
      return servePictures(program, process.env);
    default:
      return serves satisfies never;
  }
}
