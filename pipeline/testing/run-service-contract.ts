import { RefusedError } from '@spillway/core/errors.ts';
import { runServiceDescriptionSchema } from '@spillway/core/run-service.ts';
import { describe, expect, it } from 'vitest';
import type { RunService } from '../ports/run-service.ts';

/**
 * What every adapter of a service of Cloud Run must do.
 * @param open A service with a maximum of 3, and none kept started.
 */
export function runServiceContract(name: string, open: () => Promise<RunService>): void {
  describe(`service of Cloud Run: ${name}`, () => {
    it('shows its scaling, and its revisions with their requests and limits', async () => {
      const service = await open();
      const description = runServiceDescriptionSchema.parse(await service.describe());
      expect(description.scaling.minInstances).toBe(0);
      expect(description.revisions).toHaveLength(1);
      expect(description.revisions[0]).toMatchObject({
        traffic: 100,
        maxInstances: 3,
        limits: { vcpus: 2, memoryBytes: 4 * 2 ** 30, concurrency: 1, timeoutMs: 120_000 },
      });
      expect(description.conditions).toContainEqual({ type: 'Ready', state: 'succeeded', message: '' });
    });

    it('keeps as many instances as it is told, and makes no new revision for it', async () => {
      const service = await open();
      const before = await service.describe();
      expect(await service.setMinimumInstances(2)).toEqual({ kind: 'done', before: 0 });
      expect(await service.setMinimumInstances(2)).toEqual({ kind: 'unchanged' });
      const after = await service.describe();
      expect(after).toEqual({ ...before, scaling: { ...before.scaling, minInstances: 2 } });
      expect(await service.setMinimumInstances(0)).toEqual({ kind: 'done', before: 2 });
      expect((await service.describe()).scaling.minInstances).toBe(0);
    });

    it('refuses a minimum above its maximum, and stays as it is', async () => {
      const service = await open();
      await service.setMinimumInstances(1);
      const refused = async () => service.setMinimumInstances(4);
      await expect(refused()).rejects.toBeInstanceOf(RefusedError);
      expect((await service.describe()).scaling.minInstances).toBe(1);
    });
  });
}
