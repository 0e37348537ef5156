import { statfsSync } from 'node:fs';
import { formatBytes } from '@spillway/core/amounts.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { StorageError } from './errors.ts';

/** What the data folder may take, in bytes. */
export interface SpaceLimits {
  /** No upload is taken while the disk has less free. */
  freeBytes: number;
  /** The most that all objects may take together. Null: there is no limit but the disk. */
  mostBytes: number | null;
}

export interface SpaceReading {
  freeBytes: number;
  storedBytes: number;
  /** Why uploads are refused, as a sentence; null while they are taken. */
  refusal: string | null;
}

/** Counts bytes that are about to be written. Throws a 507 where there is no room for them. */
export type TakeSpace = (bytes: number) => void;

/** The disk is asked again after this time, in milliseconds. What was written since is counted. */
const measuredForMs = 500;

const log = createJsonLog('storage');

/**
 * Refuses uploads before the disk is full, so that everything else goes on: deletes, and the results of what was taken. What
 * is written to a bucket without notifications brings no new work. It is taken as long as half of the floor is free,
 * whatever all objects may take together.
 */
export class DiskSpace {
  readonly #folder: string;
  readonly #limits: SpaceLimits;
  readonly #storedBytes: () => number;
  #free = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;
  #isRefusing = false;

  constructor(folder: string, limits: SpaceLimits, storedBytes: () => number) {
    this.#folder = folder;
    this.#limits = limits;
    this.#storedBytes = storedBytes;
  }

  /** Begins to write an object. Throws a 507 where the bytes that are announced have no room. */
  begin(bringsWork: boolean, announced = 0): TakeSpace {
    let received = 0;
    this.#require(bringsWork, announced, announced);
    return (bytes) => {
      received += bytes;
      this.#require(bringsWork, bytes, received);
      this.#free -= bytes;
    };
  }

  reading(): SpaceReading {
    this.#measure();
    const storedBytes = this.#storedBytes();
    return { freeBytes: this.#free, storedBytes, refusal: this.#refusal(true, 0, 0) };
  }

  #require(bringsWork: boolean, next: number, ofObject: number): void {
    this.#measure();
    const refusal = this.#refusal(bringsWork, next, ofObject);
    if (bringsWork) this.#tell(refusal);
    if (refusal !== null) throw outOfSpace(refusal);
  }

  #refusal(bringsWork: boolean, next: number, ofObject: number): string | null {
    const { freeBytes, mostBytes } = this.#limits;
    const floor = bringsWork ? freeBytes : freeBytes / 2;
    if (this.#free - next < floor) {
      return `The disk would have less than ${formatBytes(floor)} free. Delete something, or give the disk more room.`;
    }
    if (bringsWork && mostBytes !== null && this.#storedBytes() + ofObject > mostBytes) {
      return `All objects together may take ${formatBytes(mostBytes)}. Delete something, or raise the limit.`;
    }
    return null;
  }

  #measure(): void {
    const now = performance.now();
    if (now - this.#measuredAt < measuredForMs) return;
    this.#measuredAt = now;
    const { bavail, bsize } = statfsSync(this.#folder);
    this.#free = bavail * bsize;
  }

  /** Once when uploads begin to be refused, and once when they are taken again. */
  #tell(refusal: string | null): void {
    const isRefusing = refusal !== null;
    if (isRefusing === this.#isRefusing) return;
    this.#isRefusing = isRefusing;
    const fields = { free: this.#free, stored: this.#storedBytes(), ...this.#limits };
    if (isRefusing) log.warn(fields, `Uploads are refused. ${refusal}`);
    else log.info(fields, 'Uploads are taken again.');
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc4918#section-11.5 */
function outOfSpace(refusal: string): StorageError {
  return new StorageError(507, 'insufficientStorage', 'InsufficientStorage', `There is no room. ${refusal}`);
}

/** The disk was full before the limits noticed: something else fills it. Null for another error. */
export function fullDisk(error: unknown): StorageError | null {
  const { code, errcode } = error instanceof Error ? (error as { code?: unknown; errcode?: unknown }) : {};
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || errcode === sqliteFull;
  return isFull ? outOfSpace('The disk is full. Delete something, or give the disk more room.') : null;
}

/** @see https://sqlite.org/rescode.html#full */
const sqliteFull = 13;
