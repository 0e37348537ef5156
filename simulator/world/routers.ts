import { type Awaitable, begin, launch, type Steps, waitFor } from '@spillway/core/steps.ts';
import { enqueue } from '@spillway/pipeline/enqueue.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { Fifo } from '../fifo.ts';
import { requestOf, type SimulatedJob } from '../jobs.ts';
import type { World } from './world.ts';

/**
 * Routers. Each routes a few uploads at a time. Half of a decision's time passes after the reservation and half
 * after the count, so that several routers see each other's reservations as they do in production.
 */
export class Routers {
  readonly #waiting = new Fifo<SimulatedJob>();
  readonly #idle: Router[];

  constructor(world: World) {
    const { routers, concurrency } = world.scenario.router;
    this.#idle = Array.from({ length: routers * concurrency }, () => new Router(world));
  }

  hear(drawn: SimulatedJob): void {
    this.#waiting.push(drawn);
    this.#next();
  }

  #next(): void {
    if (this.#idle.length === 0) return;
    const drawn = this.#waiting.shift();
    const router = drawn && this.#idle.pop();
    if (router) launch(this.#route(drawn, router));
  }

  *#route(drawn: SimulatedJob, router: Router): Steps<void> {
    yield* router.route(drawn);
    this.#idle.push(router);
    this.#next();
  }
}

/** Routes one upload at a time. */
class Router {
  readonly #world: World;
  readonly #ports: Ports;
  #delayMs = 0;

  constructor(world: World) {
    const { jobs, sums } = world.ports;
    this.#world = world;
    this.#ports = {
      ...world.ports,
      jobs: { ...jobs, create: (job) => this.#delayed(jobs.create(job)) },
      sums: {
        ...sums,
        ledgerInTurn: (stored, turnAfter) => this.#delayed(sums.ledgerInTurn(stored, turnAfter)),
      },
    };
  }

  route(drawn: SimulatedJob): Steps<unknown> {
    this.#delayMs = drawn.decisionMs / 2;
    return enqueue(requestOf(drawn), this.#ports, this.#world.choose);
  }

  #delayed<Answer>(answer: Answer): Awaitable<Awaited<Answer>> {
    return begin(this.#late(answer));
  }

  *#late<Answer>(answer: Answer): Steps<Awaited<Answer>> {
    yield* waitFor(this.#world.engine.pause(this.#delayMs));
    return yield* waitFor(answer);
  }
}
