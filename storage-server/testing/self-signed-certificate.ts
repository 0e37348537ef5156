import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Makes a key and a certificate for 127.0.0.1 in a folder, with the system's `openssl`. Contents and paths are PEM. */
export async function makeCertificate(folder: string) {
  const paths = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', paths.key, '-out', paths.cert],
  ]);
  return { paths, key: await readFile(paths.key, 'utf8'), cert: await readFile(paths.cert, 'utf8') };
}
