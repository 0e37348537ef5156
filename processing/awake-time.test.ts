import { afterEach, beforeEach, expect, it, vi } from 'vitest';

let now: number;
let afterAwake: typeof import('./awake-time.ts').afterAwake;
let awakeMs: typeof import('./awake-time.ts').awakeMs;
beforeEach(async () => {
  // Its timer is one of this test's.
  vi.resetModules();
  ({ afterAwake, awakeMs } = await import('./awake-time.ts'));
  now = performance.now();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function run(ms: number): void {
  for (let passed = 0; passed < ms; passed += 50) {
    now += 50;
    vi.advanceTimersByTime(50);
  }
}

/** All timers that have become due fire when the process goes on. */
function standStill(ms: number): void {
  now += ms;
  vi.advanceTimersByTime(ms);
}

it('a limit leaves out the time in which its process stands still, and passes when it has run for long enough', () => {
  const wall = vi.fn();
  const awake = vi.fn();
  setTimeout(wall, 60_000);
  afterAwake(60_000, awake);
  run(10_000);
  standStill(3_600_000);
  expect([wall, awake].map((each) => each.mock.calls.length)).toEqual([1, 0]);
  run(48_000);
  expect(awake).not.toHaveBeenCalled();
  run(2_000);
  expect(awake).toHaveBeenCalledOnce();
});

it('a limit that is called off does not pass', () => {
  const passed = vi.fn();
  const callOff = afterAwake(1_000, passed);
  run(500);
  callOff();
  run(5_000);
  expect(passed).not.toHaveBeenCalled();
});

it('a process that stood still was awake for a second of it at most', () => {
  const before = awakeMs();
  run(3_000);
  standStill(3_600_000);
  const awake = awakeMs() - before;
  expect(awake).toBeGreaterThanOrEqual(3_000);
  expect(awake).toBeLessThan(4_100);
});
