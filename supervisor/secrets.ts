import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, messageOf } from '@spillway/core/errors.ts';
import { z } from 'zod';
import { StartError } from './start-error.ts';

const secretsSchema = z.object({ admin: z.string().min(16), session: z.string().min(32) });
/** `admin` lets in admins, `session` signs the cookies of visitors. */
export type Secrets = z.infer<typeof secretsSchema>;

/** Where a folder's secrets are. */
export function secretsFile(directory: string): string {
  return join(directory, 'secrets.json');
}

/**
 * Created once and kept, so that a restart does not sign visitors out.
 * @throws StartError where the file cannot be read or holds something else.
 */
export async function readSecrets(directory: string): Promise<Secrets> {
  const kept = await keptSecrets(directory);
  if (kept !== null) return kept;
  const secrets = { admin: newSecret(), session: newSecret() };
  await writeSecrets(directory, secrets);
  return secrets;
}

/** Null where there are none yet. */
export async function keptSecrets(directory: string): Promise<Secrets | null> {
  const file = secretsFile(directory);
  try {
    return secretsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    const why = error instanceof z.ZodError ? 'it holds no secrets of Spillway' : messageOf(error);
    throw new StartError(
      `${file} cannot be used: ${why}. Bring it back from a backup; without it visitors lose sight of their jobs.`,
    );
  }
}

/** An admin token that is known to nobody yet, in place of the one before. */
export async function renewAdminSecret(directory: string): Promise<Secrets> {
  const secrets = { ...(await readSecrets(directory)), admin: newSecret() };
  await writeSecrets(directory, secrets);
  return secrets;
}

/** The address that makes a browser the admin's. What is behind `#` reaches no server, proxy or log. */
export function adminAddress(site: string, { admin }: Pick<Secrets, 'admin'>): string {
  return `${site}/admin/enter#token=${admin}`;
}

/** Whole or not at all, for its owner alone. */
async function writeSecrets(directory: string, secrets: Secrets): Promise<void> {
  const file = secretsFile(directory);
  const temporary = `${file}.${randomUUID()}`;
  try {
    await writeFile(temporary, JSON.stringify(secrets), { mode: 0o600 });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function newSecret(): string {
  return randomBytes(24).toString('base64url');
}
