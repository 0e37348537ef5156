import { expect, test } from 'vitest';
import { createAllowances } from './allowances.ts';

const allowance = { burst: 3, perMinute: 60 };
const at = (ms: number) => new Date(1_700_000_000_000 + ms);

/** How many of `asks` are admitted at this time. */
function admitted(table: ReturnType<typeof createAllowances>, key: string, ms: number, asks: number): number {
  let count = 0;
  for (let ask = 0; ask < asks; ask++) {
    if (table.waitMs(key, allowance, at(ms)) > 0) continue;
    table.spend(key, allowance, at(ms));
    count += 1;
  }
  return count;
}

test('a key has its burst at once, then its rate, and its burst again after a pause', () => {
  const table = createAllowances();
  expect(admitted(table, 'a', 0, 10)).toBe(3);
  expect(admitted(table, 'b', 0, 10)).toBe(3);
  expect(admitted(table, 'a', 999, 10)).toBe(0);
  expect(admitted(table, 'a', 1_000, 10)).toBe(1);
  expect(admitted(table, 'a', 3_000, 10)).toBe(2);
  expect(admitted(table, 'a', 60_000, 10)).toBe(3);
});

test('the wait is exact, and asking costs nothing', () => {
  const table = createAllowances();
  admitted(table, 'a', 0, 3);
  for (let ask = 0; ask < 5; ask++) expect(table.waitMs('a', allowance, at(400))).toBe(600);
  expect(table.waitMs('a', allowance, at(1_000))).toBe(0);
});

test('a clock that goes back admits nothing more', () => {
  const table = createAllowances();
  admitted(table, 'a', 5_000, 3);
  expect(admitted(table, 'a', 0, 10)).toBe(0);
});

test('the table stays as large as it may be, and forgets who has spent nothing for longest', () => {
  const table = createAllowances(100);
  admitted(table, 'kept', 0, 3);
  for (let key = 0; key < 1_000; key++) {
    table.spend(`key ${key}`, allowance, at(key));
    if (key % 50 === 0) table.spend('kept', allowance, at(key));
  }
  expect(table.size).toBe(100);
  expect(table.waitMs('kept', allowance, at(1_000))).toBeGreaterThan(0);
});

test('what is given back can be spent once more', () => {
  const allowances = createAllowances();
  const allowance = { burst: 2, perMinute: 1 };
  const now = new Date('2026-01-01T00:00:00Z');
  allowances.spend('a', allowance, now);
  allowances.spend('a', allowance, now);
  expect(allowances.waitMs('a', allowance, now)).toBeGreaterThan(0);
  allowances.giveBack('a', allowance);
  expect(allowances.waitMs('a', allowance, now)).toBe(0);
  allowances.giveBack('nobody', allowance);
  expect(allowances.size).toBe(1);
});
