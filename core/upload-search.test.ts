import { describe, expect, it } from 'vitest';
import { advanced, initialSearchPlace, nextRound, type SearchKind, searchWindowMs } from './upload-search.ts';

const now = new Date('2026-07-01T12:00:00Z');
const day = 24 * 3_600_000;
const youngestMs = 600_000;
const daysAgo = (days: number) => new Date(now.getTime() - days * day);
const round = (days: number) => ({
  startedAt: daysAgo(days - 1),
  from: daysAgo(days),
  behind: 'm',
  isClean: true,
});

function next(kind: SearchKind, windowMs: number, place: Partial<typeof initialSearchPlace>) {
  return nextRound({ ...initialSearchPlace, ...place }, now, { kind, windowMs, youngestMs });
}

describe('a round of a search', () => {
  it('goes back to the last complete one, but not to jobs whose documents are removed', () => {
    const from = (coveredAt: Date) => next('last_day', searchWindowMs.last_day, { coveredAt }).round.from;
    expect(from(daysAgo(0.5))).toEqual(daysAgo(1));
    expect(from(daysAgo(10))).toEqual(new Date(daysAgo(10).getTime() - youngestMs));
    expect(from(daysAgo(60))).toEqual(daysAgo(29));
  });

  it('that was cut off long ago is taken up, without what is that old', () => {
    const taken = next('two_weeks', searchWindowMs.two_weeks, { round: round(60) });
    expect(taken).toMatchObject({ takenUp: true, round: { behind: 'm', from: daysAgo(29) } });
  });

  it('that an admin asks for goes back as far as asked, whatever was asked before', () => {
    expect(next('asked', 2 * day, { coveredAt: daysAgo(60) }).round.from).toEqual(daysAgo(2));
    expect(next('asked', 2 * day, { round: round(90) })).toMatchObject({
      takenUp: false,
      round: { from: daysAgo(2), behind: null },
    });
    const cutOff = { startedAt: daysAgo(0.1), from: daysAgo(90.1), behind: 'm', isClean: true };
    expect(next('asked', 90 * day, { round: cutOff })).toEqual({ takenUp: true, round: cutOff });
  });

  it('leaves out what one before it found in order', () => {
    const place = { coveredAt: daysAgo(1 / 24), cleanAt: daysAgo(1 / 24) };
    const { from } = next('last_day', searchWindowMs.last_day, place).round;
    expect(from).toEqual(new Date(daysAgo(1 / 24).getTime() - youngestMs - 300_000));
    const twoWeeks = next('two_weeks', searchWindowMs.two_weeks, {
      coveredAt: daysAgo(1),
      cleanAt: daysAgo(1),
    });
    expect(twoWeeks.round.from).toEqual(new Date(daysAgo(1).getTime() - youngestMs - 300_000));
    const passedOverSince = { coveredAt: daysAgo(1 / 24), cleanAt: daysAgo(5) };
    expect(next('last_day', searchWindowMs.last_day, passedOverSince).round.from).toEqual(daysAgo(1));
  });

  it('finds things in order where it passed nothing over on any page', () => {
    const begun = { startedAt: daysAgo(0.1), from: daysAgo(1), behind: null, isClean: true };
    const pages = (...passedOver: number[]) =>
      passedOver.reduce(
        (place, count, index) =>
          advanced(place, place.round ?? begun, {
            next: index < passedOver.length - 1 ? `page ${index}` : null,
            passedOver: count,
          }),
        initialSearchPlace,
      );
    expect(pages(0, 0, 0)).toMatchObject({ round: null, coveredAt: daysAgo(0.1), cleanAt: daysAgo(0.1) });
    expect(pages(0, 1, 0)).toMatchObject({ round: null, coveredAt: daysAgo(0.1), cleanAt: null });
  });
});
