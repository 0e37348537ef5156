import { beforeEach, expect, test } from 'vitest';
import { createModelHolder } from './model-holder.ts';

interface Loaded {
  name: string;
  release(): Promise<void>;
}

let events: string[];
beforeEach(() => {
  events = [];
});

const holder = () =>
  createModelHolder<ReturnType<typeof model>, Loaded>(async ({ name }, threads) => {
    if (name === 'damaged') throw new Error('damaged');
    events.push(`load ${name} for ${threads}`);
    return { name, release: async () => void events.push(`release ${name}`) };
  });
const model = (name: string, sha256 = 'a') => ({ name, path: `/${name}`, sha256 });
const nameOf = async ({ name }: Loaded) => name;

test('a model stays in memory while it is asked for in the same way', async () => {
  const models = holder();
  expect(models.names()).toEqual([]);
  await models.use(model('one'), 2, nameOf);
  expect(await models.use(model('one'), 2, nameOf)).toBe('one');
  expect(events).toEqual(['load one for 2']);
  await models.use(model('one', 'b'), 2, nameOf);
  await models.use(model('one', 'b'), 1, nameOf);
  expect(events.slice(1)).toEqual(['release one', 'load one for 2', 'release one', 'load one for 1']);
});

test('another one is loaded when the work with the one before has ended, whatever its end', async () => {
  const models = holder();
  const { promise, reject } = Promise.withResolvers<void>();
  const first = models.use(model('one'), 1, () => promise);
  const second = models.use(model('two'), 1, nameOf);
  await expect.poll(() => events).toEqual(['load one for 1']);
  reject(new Error('broken'));
  await expect(first).rejects.toThrow('broken');
  expect(await second).toBe('two');
  expect(events).toEqual(['load one for 1', 'release one', 'load two for 1']);
  expect(models.names()).toEqual(['two']);
});

test('a model that cannot be loaded leaves room for the next', async () => {
  const models = holder();
  await models.use(model('one'), 1, nameOf);
  await expect(models.use(model('damaged'), 1, nameOf)).rejects.toThrow('damaged');
  expect(models.names()).toEqual([]);
  expect(await models.use(model('one'), 1, nameOf)).toBe('one');
  expect(events).toEqual(['load one for 1', 'release one', 'load one for 1']);
});
