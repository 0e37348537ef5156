import domain from 'node:domain';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { serveWithoutDomains } from './without-domains.ts';

it('no request runs in a domain, and one that fails is answered', async () => {
  const { create } = domain;
  onTestFinished(() => {
    domain.create = create;
  });
  serveWithoutDomains();
  // The framework writes the error there.
  vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => void vi.restoreAllMocks());
  const seen: unknown[] = [];
  http('plain', async (request, response) => {
    await null;
    seen.push(Reflect.get(process, 'domain') ?? null);
    if (request.path === '/fails') throw new Error('It fails.');
    response.status(204).end();
  });
  const server = getTestServer('plain').listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const call = async (path: string) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST' })).status;
  expect([await call('/works'), await call('/fails')]).toEqual([204, 500]);
  expect(seen).toEqual([null, null]);
});
