import { type Reply, requestAction } from '../http/request.ts';

/** Runs a failed job again, as a new run. */
export function retryJob(id: string): Promise<Reply<null>> {
  return requestAction(`/jobs/${encodeURIComponent(id)}/retry`, { method: 'POST' });
}

/** Stops a job that has not ended. */
export function cancelJob(id: string): Promise<Reply<null>> {
  return requestAction(`/jobs/${encodeURIComponent(id)}/cancel`, { method: 'POST' });
}

/** Deletes a job and its results. */
export function deleteJob(id: string): Promise<Reply<null>> {
  return requestAction(`/jobs/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

/** Address of what was uploaded. */
export function sourceUrl(id: string): string {
  return `/api/v1/jobs/${encodeURIComponent(id)}/source`;
}

/** Address of what came out. */
export function resultUrl(id: string): string {
  return `/api/v1/jobs/${encodeURIComponent(id)}/result`;
}

/** Address of the job's page for admins. */
export function jobPageUrl(id: string): string {
  return `/dashboard/jobs/${encodeURIComponent(id)}/`;
}
