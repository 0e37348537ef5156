import { workerViewSchema } from '@spillway/web/api/admin-schema.ts';
import { expect, inject, it } from 'vitest';
import { z } from 'zod';
import { adminTokenOf } from './admin-token.ts';
import { drop, endedJobs } from './drop.ts';
import { drawnJpeg } from './pictures.ts';

const stack = inject('stack');
const token = adminTokenOf(stack.adminUrl);
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

async function setDrain(worker: string, drain: boolean): Promise<void> {
  const address = `${stack.web}/api/v1/admin/workers/${worker}/drain`;
  const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify({ drain }) });
  expect(response.status).toBe(200);
}

async function stateOf(worker: string): Promise<string | undefined> {
  const response = await fetch(`${stack.web}/api/v1/admin/workers`, { headers });
  const { workers } = z.object({ workers: z.array(workerViewSchema) }).parse(await response.json());
  return workers.find(({ id }) => id === worker)?.state;
}

it('a VM that the admin drains takes no new work until it is let back in', async () => {
  await setDrain('vm-1', true);
  await expect.poll(() => stateOf('vm-1')).toBe('drained');
  for (let index = 0; index < 6; index++) {
    await drop(`sketch/drained-${index}.jpg`, await drawnJpeg(index));
    const [job] = await endedJobs(`sketch/drained-${index}.jpg`);
    expect(job).toMatchObject({ state: 'succeeded', claim: { worker: expect.not.stringMatching('vm-1') } });
  }
  await setDrain('vm-1', false);
  await expect.poll(() => stateOf('vm-1')).toBe('ready');
});
