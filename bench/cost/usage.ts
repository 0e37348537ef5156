import { jobUses } from '@spillway/core/job-cost.ts';
import { type MachineShape, prices } from '@spillway/core/prices.ts';
import * as counts from './counts.ts';
import type { Usage } from './meters.ts';

/** How the jobs of a month were worked on. */
export interface Split {
  /** VMs that are there all the time. */
  vms: number;
  /** Seconds for which instances of Cloud Run were busy or starting, and the requests that they had. */
  runSeconds: number;
  runRequests: number;
}

/** What is asked of one month. */
export interface Month {
  jobs: number;
  /** Bytes of the mean source and the mean result. */
  sourceBytes: number;
  resultBytes: number;
  tracesSampled: number;
  vmShape: MachineShape;
  runShape: MachineShape;
}

const gib = 2 ** 30;

/** Everything that is billed for a month of jobs. */
export function usageOf(month: Month, split: Split): Usage[] {
  const { jobs } = month;
  const { ofEachJob, sweepShape: sweep } = counts;
  const { firestore, storage, pubsub, route, logBytes } = jobUses;
  const use = (part: Usage['part'], meter: Usage['meter'], quantity: number): Usage => ({
    part,
    meter,
    quantity,
  });
  /** Heartbeats that a sweep reads, and processes that write metrics. */
  const workers = split.vms + split.runSeconds / counts.secondsOfMonth;
  const sweeps = counts.secondsOfMonth / counts.sweepSeconds;
  const beats = (split.vms * counts.secondsOfMonth) / counts.heartbeatSeconds;
  const gibMonths = (bytes: number) => (jobs * bytes * counts.keptDays) / counts.daysOfMonth / gib;
  const routeSeconds = (jobs * route.ms) / 1_000;
  /** A router looks at the world at most once a second. */
  const looks = Math.min(jobs, counts.secondsOfMonth);
  const { readsOfSums, readsOfClaim, readsOfResult, readsOfSearches } = firestore;
  const readsOfJob = readsOfSums + readsOfClaim + readsOfResult + readsOfSearches;
  const swept = counts.secondsOfMonth * counts.sweepShare;
  const metrics = counts.metricBytes();
  const minutes = counts.secondsOfMonth / 60;
  return [
    use('Cloud Run, worker', 'vcpuSeconds', split.runSeconds * month.runShape.vcpus),
    use('Cloud Run, worker', 'gibSeconds', split.runSeconds * month.runShape.memoryGib),
    use('Cloud Run, worker', 'requests', split.runRequests),
    use('VMs', 'vmVcpuHours', split.vms * counts.hoursOfMonth * month.vmShape.vcpus),
    use('VMs', 'vmGibHours', split.vms * counts.hoursOfMonth * month.vmShape.memoryGib),
    use('VMs', 'diskGibMonths', split.vms * counts.vmDiskGib),
    use('Functions', 'vcpuSeconds', routeSeconds * route.shape.vcpus + swept * sweep.vcpus),
    use('Functions', 'gibSeconds', routeSeconds * route.shape.memoryGib + swept * sweep.memoryGib),
    use('Functions', 'requests', jobs + minutes),
    use(
      'Firestore, reads',
      'reads',
      jobs * readsOfJob +
        looks * firestore.readsOfLook +
        // VMs that do not have the lease look at it as often.
        sweeps * (counts.ofEachSweep.reads + Math.max(1, workers) + split.vms) +
        beats,
    ),
    use('Firestore, writes', 'writes', jobs * firestore.writes + sweeps * counts.ofEachSweep.writes + beats),
    use('Firestore, deletes', 'deletes', jobs * firestore.deletes),
    use('Firestore, kept', 'documentGibMonths', gibMonths(firestore.storedBytes)),
    use('Pub/Sub', 'messageTib', (jobs * pubsub.kilobytes * prices.pubsub.smallestMessageBytes) / 2 ** 40),
    use('Storage, operations', 'classA', jobs * storage.classA),
    use('Storage, operations', 'classB', jobs * storage.classB),
    use('Storage, kept', 'storedGibMonths', gibMonths(month.sourceBytes + month.resultBytes)),
    use('Egress', 'egressGib', (jobs * month.resultBytes * ofEachJob.downloads) / gib),
    use('Logs', 'logGib', (jobs * logBytes) / gib),
    use('Traces', 'spans', jobs * ofEachJob.spans * month.tracesSampled),
    use(
      'Metrics',
      'metricMib',
      // One more process is a router.
      (minutes * (metrics.system + metrics.process * (workers + 1))) / 2 ** 20,
    ),
    use('Scheduler', 'schedules', counts.schedules),
  ];
}
