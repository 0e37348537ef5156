import { generateKeyPairSync } from 'node:crypto';
import { Storage } from '@google-cloud/storage';
import { expect, it, vi } from 'vitest';
import { startTestServer } from '../../storage-server/test-server.ts';
import { createReadAddresses } from './read-addresses.ts';

const answer = { contentType: 'image/png', disposition: null, forMs: 300_000 };
const newLog = () => ({ info: vi.fn(), warn: vi.fn(), error: vi.fn() });

function signingStorage(apiEndpoint: string): Storage {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const credentials = {
    client_email: 'site@demo.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  return new Storage({ apiEndpoint, projectId: 'demo', credentials });
}

it('an address gives exactly that generation, or a range of it, under the type it was signed for', async () => {
  const { server, bucket } = await startTestServer();
  const file = bucket.file('sketch/a b.png');
  await file.save('0123456789', { resumable: false, contentType: 'text/html' });
  const generation = String(file.metadata.generation);
  const log = newLog();
  const readAddress = createReadAddresses(signingStorage(server.url), log);
  const blob = { bucket: bucket.name, name: file.name, generation };
  const disposition = `attachment; filename="a b.png"; filename*=UTF-8''a%20b.png`;
  const address = await readAddress(blob, { ...answer, disposition });
  const whole = await fetch(address ?? '');
  expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
  expect(whole.headers.get('content-type')).toBe('image/png');
  expect(whole.headers.get('content-disposition')).toBe(disposition);
  const part = await fetch(address ?? '', { headers: { range: 'bytes=2-4' } });
  expect([part.status, await part.text()]).toEqual([206, '234']);
  expect(new URL(address ?? '').searchParams.get('X-Goog-Expires')).toMatch(/^(299|300)$/);

  await bucket.file(file.name).save('newer', { resumable: false });
  expect((await fetch(address ?? '')).status).toBe(404);
  expect(log.info).not.toHaveBeenCalled();
});

it('an account that cannot sign is asked again minutes later, and the log says so once', async () => {
  const { server } = await startTestServer();
  const storage = new Storage({ apiEndpoint: server.url, projectId: 'demo' });
  const getCredentials = vi
    .spyOn(storage.authClient, 'getCredentials')
    .mockRejectedValue(new Error('Could not load the default credentials.'));
  const log = newLog();
  let now = Date.now();
  const readAddress = createReadAddresses(storage, log, () => now);
  const blob = { bucket: 'results', name: 'sketch/cat.png', generation: '1' };
  expect(getCredentials).not.toHaveBeenCalled();
  const first = [1, 2, 3].map(() => readAddress(blob, answer));
  expect(await Promise.all(first)).toEqual([null, null, null]);
  const asked = getCredentials.mock.calls.length;
  expect(await readAddress(blob, answer)).toBeNull();
  expect(getCredentials).toHaveBeenCalledTimes(asked);
  now += 300_000;
  expect(await readAddress(blob, answer)).toBeNull();
  expect(getCredentials.mock.calls.length).toBeGreaterThan(asked);
  expect(log.info).toHaveBeenCalledExactlyOnceWith({}, expect.stringContaining('cannot sign addresses'));
});

it('one failed first signature does not keep the next ones from being made', async () => {
  const { server } = await startTestServer();
  const storage = signingStorage(server.url);
  const log = newLog();
  let now = Date.now();
  const readAddress = createReadAddresses(storage, log, () => now);
  const blob = { bucket: 'results', name: 'sketch/cat.png', generation: '1' };
  vi.spyOn(storage.authClient, 'getCredentials').mockRejectedValueOnce(new Error('No answer.'));
  expect(await readAddress(blob, answer)).toBeNull();
  now += 300_000;
  expect(await readAddress(blob, answer)).toContain('X-Goog-Signature=');
});
