import { type ReadonlySignal, signal } from '@preact/signals';
import { jobPageSchema } from '@spillway/web/api/schema.ts';
import type { AdminConnection } from '../admin/admin-connection.ts';
import { requestJson } from '../http/request.ts';
import { createJobCache, type JobCache } from '../jobs/job-cache.ts';

export interface LoadedJobs {
  readonly cache: JobCache;
  /** False until the first list has come or failed. */
  readonly loaded: ReadonlySignal<boolean>;
  /** Cursor of the page of older jobs; null if there is none. */
  readonly cursor: ReadonlySignal<string | null>;
  loadEarlier(): Promise<void>;
  /** Lists the newest jobs, and keeps them current. @returns A function that ends it. */
  follow(): () => void;
}

/** Jobs kept by a page that stays open for days. */
const mostJobs = 2_000;
const pageOfJobs = 100;

/** Everybody's jobs, listed page by page and kept current by the page's connection. */
export function createLoadedJobs(admin: AdminConnection): LoadedJobs {
  const cache = createJobCache(mostJobs);
  const loaded = signal(false);
  const cursor = signal<string | null>(null);

  async function load(query: string): Promise<string | null> {
    const reply = await requestJson(`/admin/jobs${query}`, jobPageSchema);
    loaded.value = true;
    if (!reply.ok) return null;
    cache.apply(reply.value.jobs.map((job) => ({ kind: 'job', job })));
    return reply.value.cursor;
  }

  return {
    cache,
    loaded,
    cursor,
    async loadEarlier() {
      const from = cursor.peek();
      if (from !== null) cursor.value = await load(`?cursor=${encodeURIComponent(from)}`);
    },
    follow() {
      const stop = admin.onJobs((updates) => cache.apply(updates));
      void load(`?limit=${pageOfJobs}`).then((next) => {
        cursor.value = next;
      });
      return stop;
    },
  };
}
