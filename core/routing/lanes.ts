import type { Job } from '../job.ts';

/**
 * The VMs' line is divided into lanes, so that many slots can take jobs from it at once: a slot looks at some lanes that
 * it chooses at random, and takes the earliest turn there. It is divided several times, into different numbers of lanes,
 * so that slots choose how much of the line they see without a change of any job.
 * @see Rihani, Sanders and Dementiev, "MultiQueues: Simple Relaxed Concurrent Priority Queues", SPAA 2015
 */
export const laneCounts = [1, 4, 16, 64, 256] as const;
export type LaneCount = (typeof laneCounts)[number];

/** Some of the lanes of one division of the line. */
export interface Lanes {
  of: LaneCount;
  /** Each from 0 to `of` - 1. */
  numbers: readonly number[];
}

export const wholeLine: Lanes = { of: 1, numbers: [0] };

const hexDigits = '0123456789abcdef';

/** 0 to 255, from the last two digits of a job's id. Ids are hashes, so that lanes are equally long. */
export function laneNumber(id: string): number {
  const digit = (place: number) => hexDigits.indexOf(id.at(place) ?? '');
  return (16 * digit(-2) + digit(-1)) & 255;
}

/** The names of the lanes that a job is in while it waits, one of each division. */
export function laneNamesOf(id: string): string[] {
  const number = laneNumber(id);
  return laneCounts.map((of) => laneName(of, number % of));
}

export function laneName(of: LaneCount, number: number): string {
  return `${of}/${number}`;
}

/** Whether a job waits in the VMs' line and may be taken: it is not only reserved. */
export function waitsInLanes({ state, route }: Pick<Job, 'state' | 'route'>): boolean {
  return state === 'queued' && route.target === 'vm' && route.reason !== 'reserved';
}
