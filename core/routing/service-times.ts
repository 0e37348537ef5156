import { z } from 'zod';
import { operationNameForm } from '../operations/operation.ts';
import { manifestOf, type OperationName, operationNames } from '../operations.ts';
import {
  asLogNormal,
  type Estimate,
  mergeQuantiles,
  type Quantiles,
  quantilesSchema,
  RecentValues,
} from './quantiles.ts';

/** Pictures fall into bands by their megapixels: below the first edge, between two, above the last. */
const bandEdges = [0.5, 2, 8] as const;
const bands = bandEdges.length + 1;
/** With fewer observations than these, the next source is used. */
const enough = { band: 5, operation: 3 } as const;
/** The assumed spread of a prior: one job in ten takes twice as long. */
const priorFigures: Quantiles = { p50: 1, p90: 2, count: 0 };

/** Service times of one operation, as ratios to the prior for each picture, so that they carry over to other sizes. */
export const learnedServiceSchema = z.object({
  all: quantilesSchema,
  bands: z.array(quantilesSchema.nullable()).length(bands),
});
export type LearnedService = z.infer<typeof learnedServiceSchema>;

/** By operation; it may name operations that this program does not have. */
export const learnedServicesSchema = z.record(operationNameForm, learnedServiceSchema);
export type LearnedServices = z.infer<typeof learnedServicesSchema>;

/** Milliseconds that an operation takes with a picture of this size, before anything was observed. */
export function priorServiceMs(operation: OperationName, pixels: number): number {
  const { priorServiceMs: prior } = manifestOf(operation);
  return prior.fixed + (prior.perMegapixel * pixels) / 1e6;
}

/** What one worker, or one place, has seen lately of every operation. */
export class ServiceTimes {
  readonly #seen = new Map<OperationName, { all: RecentValues; bands: RecentValues[] }>();
  /** Kept until the next observation of the operation. */
  readonly #learned = new Map<OperationName, LearnedService | null>();

  /**
   * @param pixels Of the decoded picture, because a sender's claim proves nothing.
   * @param ms For which the operation kept its slot.
   */
  record(operation: OperationName, pixels: number, ms: number): void {
    const ratio = ms / priorServiceMs(operation, pixels);
    let seen = this.#seen.get(operation);
    if (!seen) {
      seen = { all: new RecentValues(), bands: Array.from({ length: bands }, () => new RecentValues()) };
      this.#seen.set(operation, seen);
    }
    seen.all.add(ratio);
    seen.bands[bandOf(pixels)]?.add(ratio);
    this.#learned.delete(operation);
  }

  of(operation: OperationName): LearnedService | null {
    const known = this.#learned.get(operation);
    if (known !== undefined) return known;
    const seen = this.#seen.get(operation);
    const all = seen?.all.quantiles();
    const learned = seen && all ? { all, bands: seen.bands.map((band) => band.quantiles()) } : null;
    this.#learned.set(operation, learned);
    return learned;
  }
}

/** Merges what several workers have learned. An operation that none of them has run keeps what was known `before`. */
export function mergeLearned(reports: LearnedServices[], before: LearnedServices): LearnedServices {
  const merged: LearnedServices = { ...before };
  for (const operation of operationNames) {
    const all = present(reports.map((report) => report[operation]));
    const figures = mergeQuantiles(all.map((learned) => learned.all));
    if (!figures) continue;
    const old = before[operation]?.bands;
    merged[operation] = {
      all: figures,
      bands: bandIndexes.map(
        (index) =>
          mergeQuantiles(present(all.map((learned) => learned.bands[index]))) ?? old?.[index] ?? null,
      ),
    };
  }
  return merged;
}

/**
 * Service time in milliseconds from the first source that has seen enough: a worker's own observations of pictures of
 * this size, its observations of all sizes, then those of the next source, and finally the operation's prior.
 * @param sources In order of preference.
 */
export function estimateService(
  operation: OperationName,
  pixels: number,
  sources: readonly (LearnedServices | undefined)[],
): Estimate {
  const prior = priorServiceMs(operation, pixels);
  const ratio = asLogNormal(closestFigures(operation, bandOf(pixels), sources));
  return { mean: prior * ratio.mean, spread: prior * ratio.spread };
}

function closestFigures(
  operation: OperationName,
  band: number,
  sources: readonly (LearnedServices | undefined)[],
): Quantiles {
  for (const source of sources) {
    const learned = source?.[operation];
    const own = learned?.bands[band];
    if (own && own.count >= enough.band) return own;
    if (learned && learned.all.count >= enough.operation) return learned.all;
  }
  return priorFigures;
}

const bandIndexes = Array.from({ length: bands }, (_, index) => index);

function bandOf(pixels: number): number {
  const above = bandEdges.findIndex((edge) => pixels / 1e6 < edge);
  return above === -1 ? bandEdges.length : above;
}

function present<Value>(values: (Value | null | undefined)[]): Value[] {
  return values.filter((value) => value !== null && value !== undefined);
}
