/** A child that sends the bytes of a job's source as its answer, as one could whose decoder was taken over. */
import { readFileSync, writeFileSync } from 'node:fs';
import { channelDescriptor, channelToWorker } from '../child-channel.ts';

const channel = channelToWorker();
channel.on('closed', () => process.exit());
channel.on('message', (message) => {
  const { kind, job } = message as { kind: string; job?: { inputPath: string } };
  if (kind === 'start') channel.send({ kind: 'ready', models: [] });
  else writeFileSync(channelDescriptor, readFileSync(job?.inputPath ?? ''));
});
