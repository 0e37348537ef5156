import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'spillway-simulator-'));
afterAll(() => rmSync(folder, { recursive: true }));

function simulate(...options: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, ...options], { encoding: 'utf8' });
  return { stdout, stderr, status };
}

describe('the command', () => {
  it('prints the report of a CSV file as JSON, and draws it', () => {
    const csv = join(folder, 'arrivals.csv');
    const svg = join(folder, 'chart.svg');
    const rows = Array.from({ length: 200 }, (_, index) => `2026-01-01 00:00:${(index / 4).toFixed(7)}`);
    writeFileSync(csv, ['TIMESTAMP', ...rows.map((row) => row.replace(/:(\d)\./, ':0$1.'))].join('\n'));
    const { stdout, status } = simulate(
      ...[
        '--trace',
        csv,
        '--rate',
        '8',
        '--policy',
        'deadline,all-run',
        '--seeds',
        '2',
        '--svg',
        svg,
        '--json',
      ],
    );
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ trace: 'arrivals.csv', load: expect.any(Number), seeds: 2 });
    expect(report.arrivals).toMatchObject({ jobs: 200, ratePerSecond: expect.closeTo(8, 6) });
    expect(report.bound.runCostPer1000).toBeGreaterThanOrEqual(0);
    const [deadline, allRun] = report.policies;
    for (const policy of [deadline, allRun]) {
      const { run, vm, storage, total } = policy.costPer1000;
      expect(total).toBeCloseTo(run + vm + storage, 12);
      expect(policy).toMatchObject({ jobs: 400, duplicates: 0, lost: 0 });
      const perOperation = Object.values<{ jobs: number; missRate: number }>(policy.perOperation);
      expect(perOperation.reduce((sum, { jobs }) => sum + jobs, 0)).toBe(400);
      const missed = perOperation.reduce((sum, { jobs, missRate }) => sum + jobs * missRate, 0);
      expect(policy.missRate).toBeCloseTo(missed / 400, 12);
    }
    expect(deadline.name).toBe('deadline');
    expect(allRun.costPer1000.vm).toBe(0);
    expect(allRun.perOperation.caption.p50).toBeGreaterThan(0.5);
    expect(allRun.perOperation.caption.p50).toBeLessThan(10);

    const chart = readFileSync(svg, 'utf8');
    expect(chart).toContain('all-run');
    expect(chart).toContain('prefers-color-scheme:dark');
    expect(chart).not.toMatch(/NaN|Infinity/);
  });

  it('prints a table', () => {
    const { stdout, status } = simulate('--trace', 'poisson:4:30', '--policy', 'all-vm', '--no-bound');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^all-vm +\d/m);
    expect(stdout).not.toContain('bills at least');
  });

  it('plays another fleet at a load', () => {
    const fleet = ['--vms', '5', '--slots', '4', '--load', '0.5', '--routers', '2'];
    const { stdout, status } = simulate(
      '--trace',
      'poisson:9:300',
      ...fleet,
      '--policy',
      'deadline',
      '--no-bound',
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/load 0\.(4[5-9]|5\d) of the VMs/);
    expect(stdout).toMatch(/^deadline .* 5\.00 *$/m);
  });

  it('compares policies that look ahead on the last hours, with the first of them', () => {
    const trace = ['--trace', 'days:0.2:1.5', '--last', '0.1', '--seeds', '2', '--no-bound'];
    const { stdout, status } = simulate(...trace, '--policy', 'pool,both-ewma');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^both-ewma .*\) % +\d\.\d{4} \(/m);
  });

  it('tells how good forecasts are', () => {
    const { stdout, status } = simulate('--backtest', '--trace', 'poisson:3:7200', '--seeds', '2', '--json');
    expect(status).toBe(0);
    const { judged, minutes } = JSON.parse(stdout);
    expect(minutes).toBeGreaterThan(55);
    expect(judged).toHaveLength(4 * 3);
    for (const { forecaster, besideLastValue } of judged) {
      // At a constant rate the last value is the worst guess.
      if (forecaster !== 'last-value') expect(besideLastValue.error.mean).toBeLessThan(1);
    }
  });

  it.each([
    [['--trace', 'nonsense'], 'neither a file'],
    [['--policy', 'nonsense'], 'no policy "nonsense"'],
    [['--seeds', '0'], '--seeds'],
    [['--half', 'third'], '--half'],
    [['--last', '0'], '--last'],
    [['--rate', 'fast'], '--rate'],
    [['--vms', '0'], '--vms'],
    [['--load', 'full'], '--load'],
    [['--fault', 'flood'], 'There is no fault flood.'],
    [['--nonsense'], '--nonsense'],
    [['nonsense'], 'nonsense'],
    [['--scenario', 'missing.json'], 'Cannot read the scenario missing.json: ENOENT.'],
    [
      ['--trace', 'poisson:1:60', '--policy', 'all-vm', '--no-bound', '--svg', '/nowhere/chart.svg'],
      'Cannot write',
    ],
  ])('ends with one line and code 2: %j', (options, message) => {
    const { stdout, stderr, status } = simulate(...options);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
