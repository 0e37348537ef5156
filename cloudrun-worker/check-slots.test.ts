import { OutageError } from '@spillway/core/errors.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { expect, it } from 'vitest';
import { checkSlots } from './check-slots.ts';

function worker(slots: number, concurrency: number) {
  const closed: string[] = [];
  const ports = createMemoryPorts({ routing: routingSettingsSchema.parse({ run: { concurrency } }) });
  return { slots, ports, closed, close: async () => void closed.push('closed') };
}

it('an instance whose slots are what the settings say starts', async () => {
  await expect(checkSlots(worker(2, 2))).resolves.toBeUndefined();
});

it('one with other slots ends, and says what to set', async () => {
  const wrong = worker(4, 1);
  await expect(checkSlots(wrong)).rejects.toThrow(
    /SPILLWAY_SLOTS is 4, and run\.concurrency in settings\/routing is 1\..*--concurrency/,
  );
  expect(wrong.closed).toEqual(['closed']);
});

it('starts all the same while the settings cannot be read', async () => {
  const started = worker(4, 1);
  started.ports.settings.readRouting = () => Promise.reject(new OutageError('Firestore did not answer.'));
  await expect(checkSlots(started)).resolves.toBeUndefined();
});

it('and while they do not validate: what counts then are those that routers read last', async () => {
  const started = worker(4, 1);
  const { settings, change } = await started.ports.settings.readRouting();
  const problem = 'run.maxInstances: Invalid input';
  started.ports.settings.readRouting = async () => ({ settings, change, problem });
  await expect(checkSlots(started)).resolves.toBeUndefined();
});
