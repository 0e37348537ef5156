import { readPartsFile } from '@spillway/pipeline/parts-file.ts';
import { adminAddress, keptSecrets, renewAdminSecret } from '@spillway/supervisor/secrets.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { localAddress } from './addresses.ts';
import { dataFolderAt, examineFolder } from './data-folder.ts';
import type { ServeOptions } from './options.ts';

/**
 * The address that opens the dashboard of the machine whose data is in a folder.
 * @param renew Makes a new one. The site of a machine that runs knows the one before until it is started again.
 * @throws StartError where there is no such machine.
 */
export async function adminAddressOf(
  { data, host, port, publicUrl }: Pick<ServeOptions, 'data' | 'host' | 'port' | 'publicUrl'>,
  renew: boolean,
): Promise<{ address: string; renewed: 'no' | 'now' | 'until_restart' }> {
  const folder = dataFolderAt(data);
  const isOurs = (await examineFolder(folder)) === 'ours';
  const secrets = isOurs ? await keptSecrets(folder.path) : null;
  if (secrets === null) {
    throw new StartError(
      `There is no Spillway in ${folder.path} yet. Start one with \`npx spillway serve\`, or name its folder with --data.`,
    );
  }
  const running = await readPartsFile(folder.parts);
  const site = publicUrl ?? running?.site ?? localAddress(host, port);
  if (!renew) return { address: adminAddress(site, secrets), renewed: 'no' };
  const address = adminAddress(site, await renewAdminSecret(folder.path));
  return { address, renewed: running ? 'until_restart' : 'now' };
}
