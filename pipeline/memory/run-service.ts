import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import type { RunServiceDescription } from '@spillway/core/run-service.ts';
import type { RunService } from '../ports/run-service.ts';

/** How it behaves: as the service does, for an account without rights, or like one that is not there. */
export type RunServiceMood = 'answers' | 'denies' | 'is_away' | 'is_missing';

export interface MemoryRunService extends RunService {
  mood: RunServiceMood;
  /** Minimums that were set, the oldest first. */
  readonly changes: readonly number[];
}

/** A service of Cloud Run in this process's memory, with the limits of the real one: for tests. */
export function createMemoryRunService(
  maxInstances: number = 20,
  createdAt: Date = new Date(0),
): MemoryRunService {
  const changes: number[] = [];
  let minInstances = 0;
  const service = {
    mood: 'answers' as RunServiceMood,
    changes,
    describe(): RunServiceDescription {
      answer(service.mood);
      const ready = { type: 'Ready', state: 'succeeded', message: '' } as const;
      return {
        name: 'projects/memory/locations/here/services/spillway-worker',
        scaling: { minInstances, maxInstances: null },
        reconciling: false,
        conditions: [ready],
        revisions: [
          {
            name: 'spillway-worker-00001-abc',
            createdAt,
            traffic: 100,
            limits: { vcpus: 2, memoryBytes: 4 * 2 ** 30, concurrency: 1, timeoutMs: 120_000 },
            maxInstances,
            conditions: [ready],
          },
        ],
      };
    },
    setMinimumInstances(count: number) {
      answer(service.mood);
      if (!Number.isInteger(count) || count < 0 || count > maxInstances) {
        throw new RefusedError(
          `Cloud Run refused to keep ${count} instances: the maximum of the service is ${maxInstances}.`,
        );
      }
      if (count === minInstances) return { kind: 'unchanged' as const };
      const before = minInstances;
      minInstances = count;
      changes.push(count);
      return { kind: 'done' as const, before };
    },
  };
  return service;
}

function answer(mood: RunServiceMood): void {
  switch (mood) {
    case 'answers':
      return;
    case 'denies':
      throw new RefusedError('Cloud Run refuses to answer, as things are configured: permission denied.', {
        scope: 'service',
      });
    case 'is_missing':
      throw new RefusedError('Cloud Run has no such service.', { scope: 'service' });
    case 'is_away':
      throw new OutageError('Cloud Run did not answer.');
    default:
      mood satisfies never;
  }
}
