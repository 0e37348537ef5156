import type { Job } from '@spillway/core/job.ts';
import type { RoutingQuestion } from '@spillway/core/routing/question.ts';
import { type RoutingSettings, routingSettingsSchema } from '@spillway/core/settings.ts';
import type { RouteChoice } from '@spillway/core/transitions.ts';
import type { z } from 'zod';
import type { ForecasterName } from '../forecast/forecasters.ts';
import type { Random } from '../random.ts';
import type { Scenario } from '../scenario.ts';

type ForecastSettings = z.input<typeof routingSettingsSchema>['forecast'];

/** What a VM said of itself in its last heartbeat. */
export interface VmReport {
  vm: number;
  slots: number;
  busy: number;
  /** Jobs in its own queue, where every VM has one. */
  queued: number;
}

/** All that a baseline may look at when it places a job. */
export interface View {
  job: Job;
  /** What production is asked. */
  question: RoutingQuestion;
  /** Of VMs that are heard of. */
  reports: VmReport[];
  /** For policies that toss coins. */
  random: Random;
}

export interface Placement {
  choice: RouteChoice;
  /** Which VM's queue, where every VM has its own. */
  vm?: number;
}

/** Where a job goes, and how the world around it works under this policy. */
export interface Policy {
  name: string;
  /** Members of one family are drawn as one line. */
  family: string;
  settings: RoutingSettings;
  heartbeatMs: number;
  /**
   * How a VM finds its next job: as production does, the one whose turn it is; the first message of a shared queue;
   * or the first of its own.
   */
  vmQueue: 'turns' | 'shared' | 'own';
  /** VMs look at the whole line and never run into each other, which no database can give: what lanes are compared with. */
  exactLine?: boolean;
  /** Whether waiting jobs are reviewed and moved, and routers learn. */
  reviews: boolean;
  /** Without VMs there is nothing to pay for them. */
  usesVms: boolean;
  /**
   * Where the number of VMs follows the work that is offered: the share of a VM's slots that is to be busy. Null: as many
   * VMs as the scenario says.
   */
  poolLoad: number | null;
  /** What forecasts arrivals; its settings say what that changes. */
  forecaster: ForecasterName | null;
  /** Where a job goes; what production decides where it is left out. */
  place?(view: View): Placement;
}

/** As many VMs as the scenario says, and no forecast. */
export const nothingAhead = { poolLoad: null, forecaster: null } as const satisfies Partial<Policy>;

/** `settings/routing` as an admin of this world would set it. */
export function settingsFor(
  { run }: Scenario,
  changes: { policy?: 'threshold'; cpu?: number; heartbeatMs?: number; forecast?: ForecastSettings } = {},
): RoutingSettings {
  const { policy = 'deadline', cpu, heartbeatMs, forecast = {} } = changes;
  return routingSettingsSchema.parse({
    policy,
    forecast,
    run: {
      enabled: run.maxInstances > 0,
      maxInstances: run.maxInstances,
      concurrency: run.concurrency,
      slots: run.slots,
      ...run.shape,
    },
    // Three beats and a little, as in production.
    ...(heartbeatMs === undefined ? {} : { vm: { liveWithinMs: 3.25 * heartbeatMs } }),
    ...(cpu === undefined ? {} : { threshold: { cpu } }),
  });
}
