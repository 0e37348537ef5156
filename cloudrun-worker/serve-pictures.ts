import { chooseCallerCheck } from '@spillway/pipeline/callers/choose-caller-check.ts';
import { parseEnvironment } from '@spillway/pipeline/config.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { logProcessFaults } from '@spillway/pipeline/log/process-faults.ts';
import { identifyWorker } from '@spillway/worker/identity.ts';
import { askedToEnd } from '@spillway/worker/lifetime.ts';
import { startPictureWorker } from '@spillway/worker/picture-worker.ts';
import { concurrencyOf, picturesConfigSchema } from './config.ts';
import { listen } from './listen.ts';
import { createPicturesApp } from './pictures-app.ts';
import { createSelfCheck } from './self-check.ts';

/**
 * Works on the pictures that whoever may call sends. Resolves when the instance was asked to end and has ended; rejects
 * when it cannot work.
 */
export async function servePictures(program: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const config = parseEnvironment(picturesConfigSchema, environment);
  const end = askedToEnd(createJsonLog(program), config.SPILLWAY_DRAIN_MS);
  const concurrency = concurrencyOf(config);
  const { id } = await identifyWorker(config);
  const { SPILLWAY_PROJECT: project } = config;
  const log = createJsonLog(`${program} ${id}`, project === undefined ? {} : { project });
  logProcessFaults(log);
  const check = await chooseCallerCheck(config, log);
  const worker = await startPictureWorker(id, config, log);
  const selfCheck = createSelfCheck(worker, log);
  const { app, idle, giveUp } = createPicturesApp(worker, selfCheck, { check, log, concurrency });
  const server = await listen(app, config, log);
  process.send?.({ ready: true });
  const fault = await Promise.race([end.then(() => null), selfCheck.lost]);
  const closed = server.close();
  const grace = setTimeout(giveUp, config.SPILLWAY_DRAIN_MS);
  await idle();
  clearTimeout(grace);
  server.hangUp();
  await closed;
  await worker.close();
  if (fault) throw fault;
}
