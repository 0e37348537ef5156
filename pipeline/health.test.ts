import { OutageError } from '@spillway/core/errors.ts';
import { describe, expect, it } from 'vitest';
import { createHealth, statusCodeOf } from './health.ts';

function program() {
  let ms = 0;
  let up = true;
  const asked: number[] = [];
  const health = createHealth(() => ms);
  return {
    health,
    asked,
    begin: () =>
      health.begin(async () => {
        asked.push(ms);
        if (!up) throw new OutageError('Firestore did not answer.');
        return null;
      }),
    pass: (by: number) => {
      ms += by;
    },
    setUp: (value: boolean) => {
      up = value;
    },
  };
}

describe('health', () => {
  it('is starting until the program works, and ready then', async () => {
    const { health, begin } = program();
    expect(await health.report()).toEqual({ status: 'starting' });
    begin();
    expect(await health.report()).toEqual({ status: 'ready' });
  });

  it('says for how long the database cannot be reached, once a restart may help, and recovers', async () => {
    const { health, begin, pass, setUp } = program();
    begin();
    setUp(false);
    expect(await health.report()).toEqual({ status: 'ready' });
    pass(70_000);
    expect(await health.report()).toEqual({
      status: 'unreachable',
      detail: 'cannot reach the database since 70 s',
    });
    setUp(true);
    pass(1_000);
    expect(await health.report()).toEqual({ status: 'ready' });
    setUp(false);
    pass(70_000);
    expect(await health.report()).toEqual({ status: 'ready' });
  });

  it('asks the database once for many that ask at a time', async () => {
    const { health, begin, asked, pass } = program();
    begin();
    await Promise.all(Array.from({ length: 50 }, () => health.report()));
    expect(asked).toEqual([0]);
    pass(1_000);
    await health.report();
    expect(asked).toEqual([0, 1_000]);
  });

  it('is 200 where the program works, and 503 where it does not', () => {
    expect(statusCodeOf({ status: 'ready' })).toBe(200);
    expect(statusCodeOf({ status: 'starting' })).toBe(503);
    expect(statusCodeOf({ status: 'unreachable', detail: '' })).toBe(503);
  });
});
