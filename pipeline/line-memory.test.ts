import { laneNumber, wholeLine } from '@spillway/core/routing/lanes.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import { describe, expect, it } from 'vitest';
import { LineMemory } from './line-memory.ts';
import type { Stored } from './ports/jobs.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const after = (ms: number) => new Date(noon.getTime() + ms);

function stored(turnAt: Date): Stored {
  const job = sampleJob();
  return { job: { ...job, route: { ...job.route, turnAt } }, version: 1, updatedAt: noon, readAt: noon };
}

function memory(): LineMemory {
  return new LineMemory(seededRandom(5));
}

/** Which part of the line it looks at. */
function shareOf(line: LineMemory): number {
  const { of, numbers } = line.choose(null);
  return numbers.length / of;
}

describe('the share of the line that a worker looks at', () => {
  it('is all of it at first, with few races, and again once races are won', () => {
    const line = memory();
    expect(line.choose(null)).toEqual(wholeLine);
    line.lost();
    expect(line.choose(null)).toEqual(wholeLine);
    for (let races = 0; races < 40; races++) line.lost();
    expect(shareOf(line)).toBe(1 / 8);
    for (let races = 0; races < 400; races++) line.won();
    expect(line.choose(null)).toEqual(wholeLine);
  });

  it('stays where one race in seven is lost', () => {
    const line = memory();
    for (let races = 0; races < 40; races++) line.lost();
    const before = shareOf(line);
    for (let races = 0; races < 700; races++) {
      if (races % 7 === 3) line.lost();
      else line.won();
    }
    expect(shareOf(line)).toBe(before);
  });

  it('becomes ever smaller, but never nothing', () => {
    const line = memory();
    let before = 1;
    for (let readings = 0; readings < 100; readings++) {
      line.lostAll();
      const share = shareOf(line);
      expect([before, before / 2]).toContain(share);
      before = share;
    }
    expect(before).toBe(1 / 128);
  });

  it('has the lane of a job that is named, and each other lane once before one comes again', () => {
    const line = memory();
    for (let races = 0; races < 60; races++) line.lost();
    const id = 'ffffffffffffffffffffffffffffff2a';
    const named = line.choose(id);
    expect(named.of).toBe(64);
    expect(named.numbers).toContain(laneNumber(id) % 64);
    expect(new Set(named.numbers).size).toBe(named.numbers.length);
    const fresh = memory();
    for (let races = 0; races < 60; races++) fresh.lost();
    const dealt = Array.from({ length: 64 / named.numbers.length }, () => fresh.choose(null).numbers).flat();
    expect(dealt.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, lane) => lane));
  });
});

describe('the turn from which on a line is read', () => {
  it('is some time before the earliest that was there, and every ten seconds the front', () => {
    const line = memory();
    expect(line.from(noon)).toBeNull();
    line.noteReading([stored(after(-60_000))], wholeLine, null, noon);
    expect(line.from(after(1_000))).toEqual(after(-90_000));
    // A reading that did not begin at the front says nothing of the front.
    line.noteReading([stored(after(-50_000))], wholeLine, after(-90_000), after(2_000));
    expect(line.from(after(9_999))).toEqual(after(-90_000));
    expect(line.from(after(10_000))).toBeNull();
  });

  it('is not behind what may come now, where all that waits has time', () => {
    const line = memory();
    line.noteReading([stored(after(3_600_000))], wholeLine, null, noon);
    expect(line.from(after(1))).toEqual(after(-30_000));
    line.noteReading([], wholeLine, null, after(10_000));
    expect(line.from(after(10_001))).toEqual(after(-20_000));
  });
});

it('the whole line is due again a second after any slot has seen it', () => {
  const line = memory();
  expect(line.isWholeDue(noon)).toBe(true);
  line.noteReading([], wholeLine, null, noon);
  expect(line.isWholeDue(after(999))).toBe(false);
  line.noteReading([], { of: 16, numbers: [1, 2] }, null, after(500));
  expect(line.isWholeDue(after(1_000))).toBe(true);
});
