import { type ReadonlySignal, signal } from '@preact/signals';

const current = signal(Date.now());
if (typeof window !== 'undefined') setInterval(() => (current.value = Date.now()), 1_000);

/** The time, refreshed every second: labels that read it age by themselves. */
export const now: ReadonlySignal<number> = current;
