import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { anyPort } from '../choose-ports.ts';
import { Relay } from './relay.ts';

const host = '127.0.0.1';

/** A service that sends back what it gets, behind a relay. */
async function relayed(delayMs = 0) {
  const arrived: number[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      arrived.push(performance.now());
      socket.write(bytes);
    });
    socket.on('end', () => socket.end());
  });
  const targetPort = await anyPort();
  server.listen(targetPort, host);
  await once(server, 'listening');
  const port = await anyPort();
  const relay = await Relay.start({ port, targetPort, delayMs });
  onTestFinished(async () => {
    await relay.close();
    server.close();
  });
  return { relay, arrived, port, open: () => opened(port) };
}

async function opened(port: number) {
  const socket = connect({ port, host });
  const received: Buffer[] = [];
  const errors: string[] = [];
  socket.on('data', (bytes) => received.push(bytes));
  socket.on('error', (error) => errors.push(error.message));
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return {
    socket,
    errors,
    text: () => Buffer.concat(received).toString('latin1'),
    size: () => sizeOf(received),
  };
}

function sizeOf(received: Buffer[]): number {
  return received.reduce((sum, { length }) => sum + length, 0);
}

async function roundTripMs(socket: Socket): Promise<number> {
  const startedAt = performance.now();
  socket.write('x');
  await once(socket, 'data');
  return performance.now() - startedAt;
}

it('adds its delay each way', async () => {
  const { open, arrived } = await relayed(30);
  const { socket } = await open();
  const startedAt = performance.now();
  // Never sooner, however slow the machine is.
  expect(await roundTripMs(socket)).toBeGreaterThanOrEqual(59);
  expect((arrived[0] ?? 0) - startedAt).toBeGreaterThanOrEqual(29);
});

it('hands on all bytes in their order, however many, and the end after them', async () => {
  const { open } = await relayed(2);
  const { socket, size, text } = await open();
  const sent = Buffer.alloc(8 * 1_024 * 1_024);
  for (let at = 0; at < sent.length; at++) sent[at] = (at * 2_654_435_761) >>> 24;
  socket.end(sent);
  await once(socket, 'end');
  expect(size()).toBe(sent.length);
  expect(Buffer.from(text(), 'latin1').equals(sent)).toBe(true);
});

it('keeps the order when it becomes faster', async () => {
  const { relay, open, arrived } = await relayed();
  const { socket, text } = await open();
  relay.slow(40);
  socket.write('a');
  relay.slow(0);
  socket.write('b');
  await expect.poll(text).toBe('ab');
  expect(arrived.length).toBeGreaterThan(0);
});

it('stalls and goes on', async () => {
  const { relay, open, arrived } = await relayed();
  const { socket, text } = await open();
  relay.stall();
  socket.write('held');
  const other = await open();
  other.socket.write('held too');
  // Both connections are there, and a third one by way of no relay would have been answered by now.
  await expect.poll(() => other.socket.bytesWritten).toBe(8);
  expect([arrived, text()]).toEqual([[], '']);
  relay.mend();
  await expect.poll(() => [text(), other.text()]).toEqual(['held', 'held too']);
});

it('cuts what is open and what is new, until it is mended', async () => {
  const { relay, open, port } = await relayed();
  const before = await open();
  await roundTripMs(before.socket);
  relay.cut();
  await expect.poll(() => before.errors).toHaveLength(1);
  const during = connect({ port, host });
  const [error] = await once(during, 'error');
  expect(error).toMatchObject({ code: 'ECONNRESET' });
  relay.mend();
  const after = await open();
  after.socket.write('here');
  await expect.poll(after.text).toBe('here');
});
