import { anyPort } from '@spillway/emulators/choose-ports.ts';
import { makeCertificate } from '@spillway/storage-server/testing/self-signed-certificate.ts';

/**
 * Starts something while the environment asks the local storage server for a port that speaks TLS, which gsutil insists
 * on. Later stacks of the same process get no such port. `tlsPort` is null where the machine has no `openssl`.
 */
export async function withStorageTls<Value>(
  directory: string,
  start: () => Promise<Value>,
): Promise<{ value: Value; tlsPort: number | null }> {
  const variables = await tlsVariables(directory);
  Object.assign(process.env, variables);
  try {
    return { value: await start(), tlsPort: variables && Number(variables.SPILLWAY_STORAGE_TLS_PORT) };
  } finally {
    for (const name of Object.keys(variables ?? {})) delete process.env[name];
  }
}

async function tlsVariables(directory: string) {
  const certificate = await makeCertificate(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return (
    certificate && {
      SPILLWAY_STORAGE_TLS_PORT: String(await anyPort()),
      SPILLWAY_STORAGE_TLS_KEY: certificate.paths.key,
      SPILLWAY_STORAGE_TLS_CERT: certificate.paths.cert,
    }
  );
}
