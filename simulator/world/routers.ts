import { usualBytesOfJpeg } from '@spillway/core/pixels.ts';
import { vmServiceMs } from '@spillway/core/routing/predict.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import { reserved, routed } from '@spillway/core/transitions.ts';
import type { SimulatedJob } from '../jobs.ts';
import type { Placement } from '../policies/policy.ts';
import type { Documents, Entry } from './documents.ts';
import type { Engine } from './engine.ts';
import { Fifo } from './fifo.ts';

export interface RoutersParts {
  /** Uploads that all routers together have in hand at a time. */
  inHand: number;
  engine: Engine;
  documents: Documents;
  conditions(): Conditions;
  place(entry: Entry): Placement;
  publish(entry: Entry, vm: number | undefined): void;
}

/**
 * Routers that have some uploads in hand at a time: reserve, count and decide halfway, write and publish at the end,
 * so that several of them see each other's reservations as they do in production.
 */
export class Routers {
  readonly #parts: RoutersParts;
  readonly #waiting = new Fifo<SimulatedJob>();
  #idle: number;

  constructor(parts: RoutersParts) {
    this.#parts = parts;
    this.#idle = parts.inHand;
  }

  hear(drawn: SimulatedJob): void {
    this.#waiting.push(drawn);
    this.#next();
  }

  #next(): void {
    if (this.#idle === 0) return;
    const drawn = this.#waiting.shift();
    if (!drawn) return;
    this.#idle--;
    const { engine, documents, conditions } = this.#parts;
    const entry = documents.create(drawn, reserve(drawn, conditions()));
    engine.after(drawn.decisionMs / 2, () => {
      const placement = this.#parts.place(entry);
      engine.after(drawn.decisionMs / 2, () => {
        documents.write(entry, routed(entry.job, placement.choice, engine.date));
        this.#parts.publish(entry, placement.vm);
        this.#idle++;
        this.#next();
      });
    });
  }
}

/** The document of pipeline/enqueue.ts, for an upload of which only what routing looks at is there. */
function reserve(
  { index, operation, owner, arrivedAt, deadlineAt, pixels }: SimulatedJob,
  conditions: Conditions,
) {
  const clockStartsAt = new Date(arrivedAt);
  return reserved(
    {
      // Ids sort as the jobs arrived.
      id: `job-${String(index).padStart(8, '0')}`,
      operation,
      options: {},
      owner,
      source: {
        bucket: 'uploads',
        name: `${operation}/${index}.jpg`,
        generation: '1',
        // So many bytes that a router guesses these pixels.
        size: Math.round(pixels * usualBytesOfJpeg),
        contentType: 'image/jpeg',
        timeCreated: clockStartsAt,
        pixels: null,
      },
      class: 'interactive',
      batch: null,
      batchSize: null,
      upload: null,
      run: 0,
      retryOf: null,
      trace: null,
      reservation: '',
      clockStartsAt,
      objectiveMs: deadlineAt - arrivedAt,
      workMs: Math.round(vmServiceMs(operation, pixels, conditions)),
    },
    conditions.now,
  );
}
