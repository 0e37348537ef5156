import { describe, expect, it } from 'vitest';
import { routingSettingsSchema } from '../settings.ts';
import type { ArrivalForecast } from './forecaster.ts';
import { forecastSlots, wantedMinInstances } from './wanted.ts';

/** Sketches of one slot-second each. */
function sketches(perMinute: (ahead: number) => number, margin = 0): ArrivalForecast {
  const minutes = Array.from({ length: 15 }, (_, index) => {
    const expected = perMinute(index + 1);
    return { expected, upper: expected + margin };
  });
  return new Map([['sketch', { minutes, workMs: 1_000 }]]);
}

describe('slots that arrivals will keep busy', () => {
  it('are those of the busiest of the minutes', () => {
    const slots = forecastSlots(
      sketches((ahead) => 60 * ahead, 30),
      { from: 2, to: 4 },
    );
    expect(slots.expected).toBeCloseTo(4, 9);
    expect(slots.upper).toBeCloseTo(4.5, 9);
  });

  it('add up over operations, and their margins as independent ones', () => {
    const forecast: ArrivalForecast = new Map([
      ['sketch', { minutes: [{ expected: 60, upper: 240 }], workMs: 1_000 }],
      ['caption', { minutes: [{ expected: 60, upper: 120 }], workMs: 4_000 }],
    ]);
    const { expected, upper } = forecastSlots(forecast, { from: 1, to: 1 });
    expect(expected).toBeCloseTo(5, 9);
    expect(upper).toBeCloseTo(5 + 5, 9);
  });
});

describe('minimum instances', () => {
  const settings = (forecast: object, run: object = {}) => routingSettingsSchema.parse({ forecast, run });
  const bounds = settings({ minInstances: { least: 1, most: 6 } });
  const nine = sketches(() => 9 * 60);

  it.each([
    ['what VMs cannot take', nine, 6, bounds, 3],
    ['the least where VMs take everything', nine, 20, bounds, 1],
    ['the most where much comes', nine, 0, bounds, 6],
    ['the least without a forecast', null, 0, bounds, 1],
    ['fewer where an instance takes several', nine, 2, settings({}, { concurrency: 4 }), 2],
    ['none that Cloud Run may not have', nine, 0, settings({}, { maxInstances: 2 }), 2],
    ['none where Cloud Run is switched off', nine, 0, settings({}, { enabled: false }), 0],
  ])('are %s', (_, forecast, vmSlots, given, expected) => {
    expect(wantedMinInstances(forecast, vmSlots, given)).toBe(expected);
  });
});
