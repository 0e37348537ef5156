import { type ModelName, manifest } from './entries.ts';
import { readInstallation } from './installation.ts';

/** Names of the models that are complete in a folder. A folder that does not exist has none. */
export async function installedNames(folder: string): Promise<ModelName[]> {
  const states = await Promise.all(
    manifest.map(async ({ name }) => ({ name, state: await readInstallation(folder, name) })),
  );
  return states.filter(({ state }) => state.kind === 'installed').map(({ name }) => name);
}
