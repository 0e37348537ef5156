import { mkdir, mkdtemp, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bytes, startTestServer } from './test-server.ts';
import { makeCertificate } from './testing/self-signed-certificate.ts';
import {
  missingPrograms,
  type StorageClient,
  scratchFolder,
  storageClients,
} from './testing/storage-clients.ts';

/** More than what any of the clients sends in one piece. Bytes. */
const large = 20_000_000;

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'storage-clients-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder with a small, a nested and a large file. */
async function filesToSend(parent: string): Promise<string> {
  const folder = join(parent, 'files');
  await mkdir(join(folder, 'sub'), { recursive: true });
  await writeFile(join(folder, 'small.txt'), 'small\r\n');
  await writeFile(join(folder, 'sub', 'nested one.txt'), 'nested');
  await writeFile(join(folder, 'large.bin'), bytes(large));
  return folder;
}

async function tryEverything(client: StorageClient): Promise<void> {
  const parent = await temporaryFolder();
  const tls = client.programs.includes('openssl')
    ? { tls: { port: 0, ...(await makeCertificate(parent)) } }
    : {};
  const { bucket, server } = await startTestServer(tls);
  const place = {
    url: server.url,
    tlsPort: server.tlsPort ?? 0,
    scratch: await scratchFolder(parent, client),
  };
  const commands = await client.open(place);
  const folder = await filesToSend(parent);
  const at = (name: string) => `test-bucket/${name}`;
  const names = async (prefix: string) => (await bucket.getFiles({ prefix }))[0].map(({ name }) => name);
  const stored = async (name: string) => (await bucket.file(name).download())[0];

  await commands.upload(join(folder, 'small.txt'), at('one/small.txt'));
  expect(String(await stored('one/small.txt'))).toBe('small\r\n');
  if (commands.uploadFolder) {
    await commands.uploadFolder(folder, at('folder'));
    const sent = ['folder/large.bin', 'folder/small.txt', 'folder/sub/nested one.txt'];
    expect(await names('folder/')).toEqual(sent);
    expect((await stored('folder/large.bin')).equals(bytes(large))).toBe(true);
  } else {
    await commands.upload(join(folder, 'large.bin'), at('folder/large.bin'));
    expect((await stored('folder/large.bin')).equals(bytes(large))).toBe(true);
  }

  await commands.uploadPacked(join(folder, 'small.txt'), at('packed/stored.txt'));
  expect((await bucket.file('packed/stored.txt').getMetadata())[0].contentEncoding).toBe('gzip');
  expect(String(await stored('packed/stored.txt'))).toBe('small\r\n');

  if (commands.uploadPackedForTheWay) {
    await commands.uploadPackedForTheWay(join(folder, 'large.bin'), at('packed/large.bin'));
    expect((await bucket.file('packed/large.bin').getMetadata())[0].contentEncoding).toBeUndefined();
    expect((await stored('packed/large.bin')).equals(bytes(large))).toBe(true);
  }

  if (commands.synchronize) {
    await commands.synchronize(join(folder, 'sub'), at('mirror'));
    expect(await names('mirror/')).toEqual(['mirror/nested one.txt']);
    await writeFile(join(folder, 'sub', 'added.txt'), 'added');
    await unlink(join(folder, 'sub', 'nested one.txt'));
    await commands.synchronize(join(folder, 'sub'), at('mirror'));
    expect(await names('mirror/')).toEqual(
      (await readdir(join(folder, 'sub'))).map((name) => `mirror/${name}`),
    );
  }

  await commands.move(at('one/small.txt'), at('moved/small.txt'));
  expect(await names('moved/')).toEqual(['moved/small.txt']);
  expect(await names('one/')).toEqual([]);
  await commands.remove(at(commands.uploadFolder ? 'folder' : 'folder/large.bin'));
  expect(await names('folder/')).toEqual([]);
}

/** The real programs. `wire-forms.test.ts` has their requests for machines without them. */
describe('what people do with a bucket, with', () => {
  for (const client of storageClients) {
    const missing = missingPrograms(client);
    const name =
      missing.length > 0 ? `${client.name} (not on this machine: ${missing.join(', ')})` : client.name;
    test.skipIf(missing.length > 0)(name, { timeout: 180_000 }, () => tryEverything(client));
  }
});
