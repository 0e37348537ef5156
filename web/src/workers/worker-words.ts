import { countOf } from '@spillway/core/amounts.ts';
import { lackSentence } from '@spillway/core/machine-lack.ts';
import { conditionOf, type WatchedWorker } from './worker-history.ts';

/** What a worker does, and what the admin may have to do. */
export function workerWords(worker: WatchedWorker, now: number): string {
  const { view } = worker;
  const condition = conditionOf(worker, now);
  switch (condition) {
    case 'starting':
      return 'Starting: takes work as soon as it is ready.';
    case 'ready':
      return view.busy < view.slots ? 'Takes new work.' : 'Every slot is busy.';
    case 'paused':
      if (view.lacks.length > 0)
        return `Cannot work: ${view.lacks.map(lackSentence).join(' ')} It looks every few seconds.`;
      return view.pause
        ? `Paused: ${view.pause.why} A test picture that goes well ends it.`
        : 'Resumed: takes work again in a moment.';
    case 'draining': {
      const jobs = view.inFlight ?? view.busy;
      return jobs > 0
        ? `Draining: finishes ${countOf(jobs, 'job')} and takes no others.`
        : 'Draining: takes no more jobs.';
    }
    case 'drained':
      return view.drain
        ? 'Drained: nothing in progress, safe to stop.'
        : 'Let in again: takes work in a moment.';
    case 'stopped':
      return 'Stopped: nothing runs here any more.';
    case 'silent':
      return view.kind === 'vm'
        ? 'Silent: no heartbeat. What it was working on goes to others.'
        : 'Silent: idle, or ended by Cloud Run.';
    default:
      return condition satisfies never;
  }
}
