import { OutageError } from '@spillway/core/errors.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { expect, it } from 'vitest';
import { checkSlots } from './check-slots.ts';

function worker(slots: number, run: { concurrency: number; slots?: number }) {
  const closed: string[] = [];
  const ports = createMemoryPorts({ routing: routingSettingsSchema.parse({ run }) });
  return { slots, ports, closed, close: async () => void closed.push('closed') };
}

it.each([
  [2, 2, { concurrency: 2 }],
  [2, 5, { concurrency: 5, slots: 2 }],
])(
  'an instance with %i slots and %i requests at a time starts where the settings say so: %j',
  async (slots, concurrency, run) => {
    await expect(checkSlots(worker(slots, run), concurrency)).resolves.toBeUndefined();
  },
);

it.each([
  [
    4,
    4,
    { concurrency: 1 },
    /takes 4 requests .* run\.concurrency in settings\/routing is 1\..*--concurrency/,
  ],
  [2, 5, { concurrency: 5 }, /SPILLWAY_SLOTS is 2, and routers count on 5: run\.slots/],
  [2, 5, { concurrency: 5, slots: 3 }, /SPILLWAY_SLOTS is 2, and routers count on 3/],
])(
  'one with %i and %i ends where the settings are %j, and says what to set',
  async (slots, concurrency, run, sentence) => {
    const wrong = worker(slots, run);
    await expect(checkSlots(wrong, concurrency)).rejects.toThrow(sentence);
    expect(wrong.closed).toEqual(['closed']);
  },
);

it('starts all the same while the settings cannot be read', async () => {
  const started = worker(4, { concurrency: 1 });
  started.ports.settings.readRouting = () => Promise.reject(new OutageError('Firestore did not answer.'));
  await expect(checkSlots(started, 4)).resolves.toBeUndefined();
});

it('and while they do not validate: what counts then are those that routers read last', async () => {
  const started = worker(4, { concurrency: 1 });
  const { settings, change } = await started.ports.settings.readRouting();
  const problem = 'run.maxInstances: Invalid input';
  started.ports.settings.readRouting = async () => ({ settings, change, problem });
  await expect(checkSlots(started, 4)).resolves.toBeUndefined();
});
