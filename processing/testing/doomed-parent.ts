import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProcessor } from '../processor.ts';

/** A parent for tests to kill: prints the process id of its child and gives it the job named by its argument. */
const inputPath = process.argv[2] ?? '';
const processor = createProcessor({
  children: 1,
  timeLimitMs: 600_000,
  memoryLimitBytes: 2 ** 30,
  recycleAfter: 100,
  models: { folder: join(tmpdir(), 'spillway-no-models') },
  childScript: fileURLToPath(new URL('./faulty-child.ts', import.meta.url)),
});
await processor.warmUp();
const job =
  basename(inputPath) === 'idle'
    ? new Promise(() => {})
    : processor.process({
        operation: 'sketch',
        options: { blur: 21, format: 'png' },
        inputPath,
        outputPath: `${inputPath}-result`,
      });
console.log(processor.pids[0]);
await job;
