import { viewOf } from '@spillway/core/operations/manifest-schema.ts';
import { isBuiltIn, manifestOf, operationNames } from '@spillway/core/operations.ts';
import { liveVms } from '@spillway/core/routing/liveness.ts';
import { slotsOf } from '@spillway/core/routing/state.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import {
  type WhatIfBasis,
  type WhatIfLine,
  type WhatIfRequest,
  whatIfRanges,
} from '@spillway/core/what-if.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { readRecorded } from '@spillway/pipeline/read-recorded.ts';
import { routingWithin } from '@spillway/pipeline/run-reach.ts';
import { askWhatIf } from '@spillway/simulator/what-if/ask.ts';
import { ProblemError } from './problems.ts';

/** A run that is not done by then is given up. Milliseconds. */
const mostMs = 120_000;

export interface WhatIfRuns {
  /**
   * Begins a run. One at a time in each instance: it takes a processor.
   * @throws ProblemError while another one goes on.
   */
  begin(request: WhatIfRequest): WhatIfRun;
}

export interface WhatIfRun {
  /** Ends with a result or a failure; ends without either once the signal is aborted. */
  lines(signal: AbortSignal, tell: (line: WhatIfLine) => void): Promise<void>;
}

export function createWhatIfRuns(ports: Ports): WhatIfRuns {
  let busy = false;
  return {
    begin(request) {
      if (busy) {
        throw new ProblemError(
          'what_if_running',
          'Somebody tries something out already. Try again in some seconds.',
        );
      }
      busy = true;
      return {
        async lines(signal, tell) {
          try {
            await play(request, ports, signal, tell);
          } finally {
            busy = false;
          }
        },
      };
    },
  };
}

async function play(
  { range, routing }: WhatIfRequest,
  ports: Ports,
  signal: AbortSignal,
  tell: (line: WhatIfLine) => void,
): Promise<void> {
  tell({ kind: 'progress', share: 0 });
  const startedAt = performance.now();
  const [recording, { workers }, state, saved] = await Promise.all([
    readRecorded(whatIfRanges[range], ports),
    ports.fleet.read(),
    ports.routerStates.read(),
    ports.settings.readRouting(),
  ]);
  if (recording.jobs.length === 0) {
    return tell({ kind: 'failed', why: 'Nothing was sent in that time, so there is nothing to try it on.' });
  }
  const today = routingWithin(saved.settings, ports.runReach);
  const proposed = routingWithin(routing, ports.runReach);
  const vms = liveVms(workers, today);
  const machines = { vms: vms.length, slots: Math.round(slotsOf(vms) / Math.max(1, vms.length)) };
  const { learned, delivery, io, coldStart } = state;
  const tired = AbortSignal.timeout(mostMs);
  const asked = await askWhatIf(
    {
      jobs: recording.jobs,
      machines,
      learned: { learned, delivery, io, coldStart },
      today,
      proposed,
      plugins: operationNames.filter((name) => !isBuiltIn(name)).map((name) => viewOf(manifestOf(name))),
    },
    AbortSignal.any([signal, tired]),
    (share) => tell({ kind: 'progress', share }),
  );
  switch (asked.kind) {
    case 'answered': {
      const basis: WhatIfBasis = {
        from: recording.from,
        to: recording.to,
        jobs: recording.total,
        played: recording.jobs.length,
        stretches: recording.stretches,
        reads: recording.reads,
        ...machines,
        notes: notesOn({
          changedAt: saved.change?.updatedAt ?? null,
          from: recording.from,
          today,
          proposed,
          slots: vms.map(({ slots }) => slots),
        }),
      };
      return tell({
        kind: 'result',
        basis,
        ...asked.answer,
        tookMs: Math.round(performance.now() - startedAt),
      });
    }
    case 'ended':
      return tired.aborted
        ? tell({ kind: 'failed', why: `It took longer than ${mostMs / 1_000} s and was given up.` })
        : undefined;
    case 'failed':
      ports.log.warn({ why: asked.why }, 'A simulation of other settings failed.');
      return tell({ kind: 'failed', why: `The simulation failed: ${asked.why}` });
    default:
      return asked satisfies never;
  }
}

interface Circumstances {
  changedAt: Date | null;
  from: Date;
  today: RoutingSettings;
  proposed: RoutingSettings;
  /** Of each VM. */
  slots: readonly number[];
}

/** What a reader has to know beside the figures. */
function notesOn({ changedAt, from, today, proposed, slots }: Circumstances): string[] {
  const notes: string[] = [];
  if (slots.length === 0) notes.push('No VM is there now, so none is played.');
  if (new Set(slots).size > 1) notes.push('The VMs differ in their slots. Each is played with their mean.');
  if (changedAt !== null && changedAt > from) {
    notes.push('The settings were changed in that time, so what was measured is partly of others.');
  }
  const forecasts = ({ forecast }: RoutingSettings) => forecast.prewarming || forecast.vmPool;
  if (forecasts(today) || forecasts(proposed)) notes.push('Prewarming and forecasts are not played.');
  if (today.run.pause || proposed.run.pause) notes.push('The pause of Cloud Run by hand is not played.');
  return notes;
}
