import { type ReadonlySignal, signal } from '@preact/signals';

/** Runs while a component reads `now`: a page that shows no age has no timer. */
let ticking: ReturnType<typeof setInterval> | undefined;

/** The time in milliseconds, refreshed every second: labels that read it age by themselves. */
export const now: ReadonlySignal<number> = signal(Date.now(), {
  watched() {
    // A component that is rendered on the server subscribes, and never ends that.
    if (typeof window === 'undefined') return;
    this.value = Date.now();
    ticking = setInterval(() => (this.value = Date.now()), 1_000);
  },
  unwatched() {
    clearInterval(ticking);
  },
});
