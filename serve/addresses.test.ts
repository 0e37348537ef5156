import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { freePort, localAddress, requireFree } from './addresses.ts';

const flags = { host: '--host', port: '--port' };

it('says that a port is taken, and by which flag another is chosen', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(requireFree({ host: '127.0.0.1', port, flags })).rejects.toThrow(
    `Port ${port} of 127.0.0.1 is used by another program. End it, or choose another port with --port.`,
  );
});

it.each(['192.0.2.1', 'no.such.name.invalid', '2001:db8::1'])(
  'says of %s that it is no address of this machine',
  async (host) => {
    await expect(requireFree({ host, port: await freePort(), flags })).rejects.toThrow(
      `${host} is no address of this machine. Choose one with --host`,
    );
  },
);

it.each([
  ['127.0.0.1', 'http://127.0.0.1:80'],
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['::', 'http://[::1]:80'],
  ['::1', 'http://[::1]:80'],
  ['desk.local', 'http://desk.local:80'],
])('a site that listens on %s is found at %s', (host, address) => {
  expect(localAddress(host, 80)).toBe(address);
});
