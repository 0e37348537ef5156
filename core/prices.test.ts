import { describe, expect, it } from 'vitest';
import { idleRunCostPerHour, runCost, vmCostPerHour } from './prices.ts';

const shape = { vcpus: 2, memoryGib: 4 };

describe('prices', () => {
  it('bill Cloud Run in steps of 100 ms, and each request', () => {
    // 0.3 s of 2 vCPU and 4 GiB: 0.3 * (2 * 0.000024 + 4 * 0.0000025), and 0.40 per million.
    expect(runCost(201, shape)).toBeCloseTo(0.3 * 0.000058 + 0.0000004, 12);
    expect(runCost(300, shape)).toBe(runCost(201, shape));
  });

  it('bill an idle minimum instance about a quarter of a busy one, and less than a VM', () => {
    // 3,600 s of 2 vCPU and 4 GiB at 0.0000025 each.
    expect(idleRunCostPerHour(shape)).toBeCloseTo(3_600 * 6 * 0.0000025, 12);
    expect(idleRunCostPerHour(shape)).toBeLessThan(vmCostPerHour(shape));
    expect(idleRunCostPerHour(shape) / runCost(3_600_000, shape)).toBeCloseTo(0.26, 2);
  });

  it('make a VM pay above about a third of use, which is why it is filled first', () => {
    const busyHour = runCost(3_600_000, shape);
    expect(vmCostPerHour(shape) / busyHour).toBeGreaterThan(0.2);
    expect(vmCostPerHour(shape) / busyHour).toBeLessThan(0.35);
  });
});
