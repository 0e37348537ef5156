import { describe, expect, it } from 'vitest';
import { type BoundJob, runBillBound } from './bound.ts';
import { randomStream } from './random.ts';

const job = (changes: Partial<BoundJob> = {}): BoundJob => ({
  arrivedAt: 0,
  deadlineAt: 2,
  vmSeconds: 1,
  runDollars: 1,
  ...changes,
});

describe('the lower bound on Cloud Run’s bill', () => {
  it('is zero where everything fits on the VMs', async () => {
    expect(await runBillBound([job(), job()], 1)).toBeCloseTo(0, 6);
    expect(await runBillBound([], 1)).toBe(0);
  });

  it('is the whole bill where there are no slots', async () => {
    expect(await runBillBound([job({ runDollars: 0.3 }), job({ runDollars: 0.5 })], 0)).toBeCloseTo(0.8, 6);
  });

  it('sends what is cheapest by the second of VM time that it takes', async () => {
    // Room for two seconds of three: a cent a second stays, and of 0.4 and 0.6 the cheaper goes.
    const jobs = [job({ runDollars: 0.4 }), job({ runDollars: 0.6 }), job({ runDollars: 1 })];
    expect(await runBillBound(jobs, 1)).toBeCloseTo(0.4, 6);
  });

  it('sends a part of a job, being a relaxation', async () => {
    // Two seconds of slot time for three of work: half of the second job goes.
    expect(await runBillBound([job(), job({ vmSeconds: 2, runDollars: 2 })], 1)).toBeCloseTo(1, 6);
  });

  it('gives one job one slot at a time', async () => {
    // Three seconds of work do not fit into a window of two, however many slots there are.
    expect(await runBillBound([job({ vmSeconds: 3, runDollars: 3 })], 4)).toBeCloseTo(1, 6);
  });

  it('keeps work within its window', async () => {
    const jobs = [job({ deadlineAt: 1 }), job({ deadlineAt: 1 }), job({ arrivedAt: 5, deadlineAt: 6 })];
    expect(await runBillBound(jobs, 1)).toBeCloseTo(1, 6);
  });

  it('rounds windows outward, so that it only falls', async () => {
    const jobs = [job({ arrivedAt: 0.1, deadlineAt: 0.9, vmSeconds: 1 })];
    expect(await runBillBound(jobs, 1, { step: 0.25 })).toBeCloseTo(0, 6);
    expect(await runBillBound(jobs, 1, { step: 0.1 })).toBeCloseTo(0.2, 6);
  });

  it('falls and never rises where jobs are solved in chunks', async () => {
    const random = randomStream(3, 'bound');
    let arrivedAt = 0;
    const jobs = Array.from({ length: 300 }, () => {
      arrivedAt += random.exponential(0.2);
      const vmSeconds = random.lognormal(0.5, 0.6);
      return { arrivedAt, deadlineAt: arrivedAt + 2, vmSeconds, runDollars: vmSeconds * 6e-5 };
    });
    const whole = await runBillBound(jobs, 2, { chunk: 300 });
    const chunks = await runBillBound(jobs, 2, { chunk: 40 });
    const bill = jobs.reduce((sum, { runDollars }) => sum + runDollars, 0);
    expect(whole).toBeGreaterThan(0);
    expect(whole).toBeLessThan(bill);
    expect(chunks).toBeLessThanOrEqual(whole + 1e-9);
    // A hundred times the jobs of a window to a chunk lose little.
    expect(chunks).toBeGreaterThan(0.5 * whole);
  });
});
