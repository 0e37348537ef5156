import { openSync, readFileSync, symlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { channelToWorker } from '../child-channel.ts';

/** A child that answers every request with what it could do to its surroundings. `process`: its folder has what to try. */
const channel = channelToWorker();
channel.on('closed', () => process.exit());
channel.on('message', async (message) => {
  const { kind, job } = message as { kind: string; job?: { inputPath: string } };
  if (kind === 'start') channel.send({ kind: 'ready', models: [] });
  else channel.send({ outcome: await tryAll(job?.inputPath ?? ''), models: [] });
});

async function tryAll(path: string) {
  const { port, secret } = JSON.parse(readFileSync(path, 'utf8'));
  const attempts: Record<string, string> = {
    connect: await codeOf(connecting(port, '127.0.0.1')),
    'reach the metadata server': await codeOf(connecting(80, '169.254.169.254')),
    listen: await codeOf(listening()),
    'open the memory of the worker': await codeOf(attempt(() => openSync(`/proc/${process.ppid}/mem`, 'r+'))),
    'read the credentials of the worker': await codeOf(attempt(() => readFileSync(secret))),
    'put a link to them in place of the result': await codeOf(
      attempt(() => symlinkSync(secret, `${path}.link`)),
    ),
    'read another file': await codeOf(attempt(() => readFileSync(path))),
  };
  return { kind: 'permanent', code: 'unprocessable', message: JSON.stringify(attempts), detail: '' };
}

async function attempt(action: () => unknown): Promise<void> {
  action();
}

function connecting(port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, timeout: 1_000 }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
    socket.once('timeout', () => {
      socket.destroy();
      reject(Object.assign(new Error('No answer.'), { code: 'NO_ANSWER' }));
    });
  });
}

function listening(): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => server.close(() => resolve()));
  });
}

async function codeOf(trying: Promise<unknown>): Promise<string> {
  try {
    await trying;
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
