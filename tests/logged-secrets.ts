import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSecrets } from '@spillway/supervisor/secrets.ts';

/** Secrets that are known by their form: a run makes many, and keeps none of them. */
const forms: [what: string, form: RegExp][] = [
  ['the address of an upload session', /upload_id(?:=|%3D|%253D)(?!\[redacted\])[\w-]{8,}/i],
  ['the signature of a signed address', /[?&](?:X-Goog-)?Signature=(?!\[redacted\])[\w%]{8,}/i],
  ['an API key', /spw_[0-9A-Za-z]{20,}/],
  ['a private link', /sps_[0-9A-Za-z]{20,}/],
  ['a cookie of the site', /spillway_(?:session|admin|share)=[0-9a-z]+\.\d+\.[\w-]+/],
  ['a token', /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}/],
  ['the header of a caller', /\bBearer [\w.-]{20,}/],
];

/**
 * Says what of a stack's secrets is in its logs and traces, and in which: the values that it really used, which are the admin's
 * token, the secret of the sessions and the ids of all upload sessions that its storage server has handed out, and
 * whatever else has the form of a secret.
 * @param directory Of the stack.
 * @param data Where the stack keeps its data.
 */
export async function findLoggedSecrets(
  directory: string,
  data: string,
): Promise<{ found: string[]; sessions: number }> {
  const { admin, session } = await readSecrets(directory);
  const sessions = await idsOfSessions(data);
  const values: [what: string, value: string][] = [
    ['the admin’s token', admin],
    ['the secret of the sessions', session],
    ...sessions.map((id): [string, string] => ['the id of an upload session', id]),
  ];
  const found: string[] = [];
  for (const name of await recordsOf(directory)) {
    const log = await readFile(join(directory, name), 'utf8');
    for (const [what, value] of values) if (log.includes(value)) found.push(`${name} has ${what}.`);
    for (const [what, form] of forms) {
      const line = log.split('\n').find((each) => form.test(each));
      if (line !== undefined) found.push(`${name} has ${what}: ${line.slice(0, 300)}`);
    }
  }
  return { found: [...new Set(found)], sessions: sessions.length };
}

/** What the stack's programs have told of themselves: logs, and traces. */
async function recordsOf(directory: string): Promise<string[]> {
  const folders = ['logs', 'traces'].map(async (folder) => {
    const names = await readdir(join(directory, folder)).catch(() => []);
    return names.map((name) => join(folder, name));
  });
  return (await Promise.all(folders)).flat();
}

/** The storage server keeps each session that it has begun, also those that have ended. */
async function idsOfSessions(data: string): Promise<string[]> {
  const names = await readdir(join(data, 'storage/uploads'));
  return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
}
