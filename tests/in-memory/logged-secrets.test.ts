import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newKeyText } from '@spillway/web/api/key-text.ts';
import { expect, it, onTestFinished } from 'vitest';
import { findLoggedSecrets } from '../logged-secrets.ts';

const session = 'x_Y-0123456789abcdefghijklmnop';
const secrets = { admin: 'the-token-of-the-admin', session: 'the-secret-that-signs-the-cookies-of-sessions' };
const jwt = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from('{"sub":"12345"}').toString('base64url')}.x`;

/** What is found in the folder of a stack whose log has this line. */
async function foundIn(line: string): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-secrets-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await mkdir(join(directory, 'logs'));
  await mkdir(join(directory, 'data/storage/uploads'), { recursive: true });
  await writeFile(join(directory, 'secrets.json'), JSON.stringify(secrets));
  await writeFile(join(directory, 'data/storage/uploads', `${session}.json`), '{}');
  await writeFile(join(directory, 'data/storage/uploads', `${session}.bytes`), '');
  await writeFile(join(directory, 'logs', 'web.log'), `{"message":"before"}\n${line}\n`);
  const { found, sessions } = await findLoggedSecrets(directory, join(directory, 'data'));
  expect(sessions).toBe(1);
  return found;
}

it.each([
  ['an id of a session', session],
  ['a session of another run', 'PUT /o?upload_id=ABPtcPq0123'],
  ['the admin’s token', `token ${secrets.admin}`],
  ['the secret of the sessions', secrets.session],
  ['an API key', newKeyText()],
  ['a signed address', 'https://x/y?a=1&X-Goog-Signature=0123456789ab'],
  ['a cookie', `spillway_session=0af7651916cd.1790000000.${'s'.repeat(43)}`],
  ['an identity token', `token ${jwt}`],
  ['a header', `authorization: Bearer ${'t'.repeat(24)}`],
])('finds %s in a log', async (_, line) => {
  expect((await foundIn(line)).length).toBeGreaterThan(0);
});

it('finds nothing where they are left out', async () => {
  expect(await foundIn('PUT /o?upload_id=[redacted]&X-Goog-Signature=[redacted] Bearer [redacted]')).toEqual(
    [],
  );
});
