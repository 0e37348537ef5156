import type { Random } from '../random.ts';
import { thinnedArrivals } from './poisson.ts';

/** Chosen: the shape of a service that people use at work. Hours of the day; shares of the mean rate on a workday. */
const shape = {
  night: 0.15,
  /** People come within about an hour around `opens`, and go more slowly around `closes`. */
  opens: { hour: 8.5, within: 0.3 },
  closes: { hour: 18, within: 0.8 },
  weekend: 0.35,
  /** Each day is larger or smaller as a whole, and within it the rate drifts. */
  dayDrift: 0.1,
  drift: { sigma: 0.2, memoryMinutes: 20 },
  /** Somebody sends much at once: so often a day, for so long, with so many times the mean rate. */
  bursts: { aDay: 4, meanMinutes: 5, rate: 2 },
} as const;

export const secondsOfDay = 86_400;

/**
 * Days and nights from a Monday on, workdays and weekends, with drifts and bursts: in seconds, sorted.
 * @param rate Mean arrivals per second of a whole week, bursts left out.
 */
export function daysArrivals(rate: number, seconds: number, random: Random): number[] {
  const minutes = Math.ceil(seconds / 60);
  const rates = driftsOf(minutes, random).map(
    (drift, minute) => rate * (curveAt(minute) / meanOfWeek) * Math.exp(drift),
  );
  addBursts(rates, rate, random);
  const highest = rates.reduce((most, one) => Math.max(most, one), 0);
  return thinnedArrivals((at) => rates[Math.floor(at / 60)] ?? 0, highest, seconds, random);
}

/** The curve of the week without any chance. */
function curveAt(minute: number): number {
  const { night, opens, closes, weekend } = shape;
  const hour = (minute / 60) % 24;
  const day = Math.floor(minute / 1_440) % 7;
  const open = logistic((hour - opens.hour) / opens.within) * logistic((closes.hour - hour) / closes.within);
  return (night + (1 - night) * open) * (day < 5 ? 1 : weekend);
}

const minutesOfWeek = 7 * 1_440;
const meanOfWeek =
  Array.from({ length: minutesOfWeek }, (_, minute) => curveAt(minute)).reduce((sum, one) => sum + one, 0) /
  minutesOfWeek;

function logistic(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function driftsOf(minutes: number, random: Random): number[] {
  const { sigma, memoryMinutes } = shape.drift;
  const kept = Math.exp(-1 / memoryMinutes);
  const fresh = sigma * Math.sqrt(1 - kept ** 2);
  let day = 0;
  let value = sigma * random.normal();
  return Array.from({ length: minutes }, (_, minute) => {
    if (minute % 1_440 === 0) day = shape.dayDrift * random.normal();
    value = kept * value + fresh * random.normal();
    return day + value;
  });
}

function addBursts(rates: number[], rate: number, random: Random): void {
  const { aDay, meanMinutes, rate: times } = shape.bursts;
  for (let at = 0; ; ) {
    at += random.exponential(1_440 / aDay);
    if (at >= rates.length) return;
    const end = Math.min(rates.length, at + random.exponential(meanMinutes));
    for (let minute = Math.floor(at); minute < end; minute++)
      rates[minute] = (rates[minute] ?? 0) + times * rate;
  }
}
