import { launch, type Steps, waitFor } from '@spillway/core/steps.ts';
import { enqueue } from '@spillway/pipeline/enqueue.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { Fifo } from '../fifo.ts';
import { requestOf, type SimulatedJob } from '../jobs.ts';
import type { World } from './world.ts';

/**
 * Routers, each a program that routes a number of uploads at a time. An upload goes to the router that has the fewest in
 * its hands.
 */
export class Routers {
  readonly #world: World;
  readonly #waiting = new Fifo<SimulatedJob>();
  readonly #routers: Router[];

  constructor(world: World) {
    this.#world = world;
    this.#routers = Array.from({ length: world.scenario.router.routers }, (_, index) => ({
      ports: world.distance.connect(`router-${index + 1}`, world.engine).ports,
      busy: 0,
    }));
  }

  hear(drawn: SimulatedJob): void {
    this.#waiting.push(drawn);
    this.#next();
  }

  #next(): void {
    const router = this.#freest();
    const drawn = router && this.#waiting.shift();
    if (drawn) launch(this.#route(drawn, router));
  }

  /** The first of those with the fewest uploads; null where none has room. */
  #freest(): Router | null {
    let freest: Router | null = null;
    for (const router of this.#routers) if (!freest || router.busy < freest.busy) freest = router;
    return freest && freest.busy < this.#world.scenario.router.concurrency ? freest : null;
  }

  *#route(drawn: SimulatedJob, router: Router): Steps<void> {
    const { engine, choose } = this.#world;
    router.busy++;
    yield* waitFor(engine.pause(drawn.decisionMs));
    yield* enqueue(requestOf(drawn), router.ports, choose);
    router.busy--;
    this.#next();
  }
}

/** A program that routes. */
interface Router {
  ports: Ports;
  /** Uploads in its hands. */
  busy: number;
}
