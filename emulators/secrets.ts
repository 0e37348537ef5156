import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const secretsSchema = z.object({ admin: z.string(), session: z.string() });
export type Secrets = z.infer<typeof secretsSchema>;

/** Created once and kept, so that a restart does not sign visitors out. */
export async function readSecrets(directory: string): Promise<Secrets> {
  const file = join(directory, 'secrets.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text !== null) return secretsSchema.parse(JSON.parse(text));
  const secret = () => randomBytes(24).toString('base64url');
  const secrets = { admin: secret(), session: secret() };
  await writeFile(file, JSON.stringify(secrets), { mode: 0o600 });
  return secrets;
}
