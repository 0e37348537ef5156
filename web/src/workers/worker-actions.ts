import { requestAction } from '../http/request.ts';

/** Takes a worker out of service, or lets it in again. Returns why it could not be done, or null. */
export function drainWorker(workerId: string, drain: boolean): Promise<string | null> {
  return tellWorker(workerId, 'drain', { drain });
}

/** Lets a worker that has paused itself take jobs again. Returns why it could not be done, or null. */
export function resumeWorker(workerId: string): Promise<string | null> {
  return tellWorker(workerId, 'resume');
}

async function tellWorker(
  workerId: string,
  action: 'drain' | 'resume',
  body?: object,
): Promise<string | null> {
  const path = `/admin/workers/${encodeURIComponent(workerId)}/${action}`;
  const reply = await requestAction(path, { method: 'POST', body });
  return reply.ok ? null : reply.failure.message;
}
