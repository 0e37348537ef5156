/** A child that answers a job with whatever its source says, as one would whose decoder was taken over. */
import { readFileSync } from 'node:fs';

process.on('disconnect', () => process.exit());
process.on('message', (message: { kind: string; job?: { inputPath: string } }) => {
  if (message.kind === 'start') process.send?.({ kind: 'ready', models: [] });
  else process.send?.(JSON.parse(readFileSync(message.job?.inputPath ?? '', 'utf8')));
});
