import type { Ports, Timers } from '@spillway/pipeline/ports/ports.ts';
import { DatabaseOperations, distantDatabase } from '../distant-database.ts';
import { type Random, randomStream } from '../random.ts';
import { roundTrip } from '../round-trip.ts';
import type { Scenario } from '../scenario.ts';
import type { Engine, Time } from '../virtual-time.ts';

export interface DistanceParts {
  engine: Engine;
  scenario: Scenario;
  seed: number;
  /** All ports, without any distance. */
  ports: Ports;
}

/** A program's own way to the services. */
export interface Connection {
  ports: Ports;
  /** Draws its delays from this stream from now on. */
  drawFrom(random: Random): void;
}

/** Puts the programs of a simulated world some milliseconds away from the services. */
export class Distance {
  readonly #parts: DistanceParts;
  /** What all programs together have asked of the database. */
  readonly operations = new DatabaseOperations();

  constructor(parts: DistanceParts) {
    this.#parts = parts;
  }

  /** @param home Where the program's time passes. */
  connect(program: string, home: Time & Timers): Connection {
    const { engine, scenario, seed, ports } = this.#parts;
    const { services } = scenario;
    const { operations } = this;
    const line = {
      engine,
      home,
      random: randomStream(seed, `services of ${program}`),
      latency: services,
      operations,
    };
    const { queue, blobs } = ports;
    const distant: Ports = {
      ...distantDatabase(ports, line),
      queue: {
        ...queue,
        publish: (...message) => roundTrip(services.publish, () => queue.publish(...message), line),
        announce: (...event) => roundTrip(services.publish, () => queue.announce(...event), line),
      },
      blobs: {
        ...blobs,
        download: (...source) => roundTrip(services.download, () => blobs.download(...source), line),
        writeOnce: (...file) => roundTrip(services.store, () => blobs.writeOnce(...file), line),
        removeAllBut: (...files) => roundTrip(services.store, () => blobs.removeAllBut(...files), line),
      },
      timers: home,
    };
    return {
      ports: distant,
      drawFrom(random) {
        line.random = random;
      },
    };
  }
}
