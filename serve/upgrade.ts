import type { DataFolder } from './data-folder.ts';
export async function upgradeDatabase(
  _folder: DataFolder,
  _version: string,
  _say: (line: string) => void,
): Promise<void> {}
