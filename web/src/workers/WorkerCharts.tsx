import { LiveChart } from '../charts/LiveChart.tsx';
import type { WatchedWorker } from './worker-history.ts';

type Samples = WatchedWorker['samples'];

/** How busy the machine's processors are, and how much of that is the worker's. */
export function CpuChart({ samples }: { samples: Samples }) {
  const last = samples.at(-1);
  const machine = `${Math.round(last?.machineCpu ?? 0)} %`;
  const own = `${Math.round(last?.ownCpu ?? 0)} %`;
  return (
    <figure>
      <figcaption>
        <strong>CPU</strong>
        <span class="key machine">machine {machine}</span>
        <span class="key own">worker {own}</span>
      </figcaption>
      <LiveChart
        description={`Processor: machine ${machine}, worker ${own}`}
        times={samples.map(({ at }) => at / 1_000)}
        max={100}
        format={(value) => `${value} %`}
        lines={[
          {
            label: 'worker',
            colour: '--blue',
            filled: true,
            dash: null,
            values: samples.map((sample) => sample.ownCpu),
          },
          {
            label: 'machine',
            colour: '--ink-faint',
            filled: false,
            dash: [4, 3],
            values: samples.map((sample) => sample.machineCpu),
          },
        ]}
      />
    </figure>
  );
}

export function MemoryChart({ samples, view }: { samples: Samples; view: WatchedWorker['view'] }) {
  const used = gibibytes(view.memory.usedBytes);
  const own = gibibytes(view.process.rssBytes);
  const total = gibibytes(view.memory.totalBytes);
  return (
    <figure>
      <figcaption>
        <strong>RAM</strong>
        <span class="key machine">
          {used} of {total} GiB
        </span>
        <span class="key own">worker {own}</span>
      </figcaption>
      <LiveChart
        description={`Memory: machine ${used} of ${total} GiB, worker ${own} GiB`}
        times={samples.map(({ at }) => at / 1_000)}
        max={view.memory.totalBytes}
        format={gibibytes}
        lines={[
          {
            label: 'worker',
            colour: '--blue',
            filled: true,
            dash: null,
            values: samples.map((sample) => sample.ownMemory),
          },
          {
            label: 'machine',
            colour: '--ink-faint',
            filled: false,
            dash: [4, 3],
            values: samples.map((sample) => sample.machineMemory),
          },
        ]}
      />
    </figure>
  );
}

/** Memory in GiB, without the unit. */
function gibibytes(bytes: number): string {
  return (bytes / 1_024 ** 3).toFixed(1);
}
