import { manifestOf, type OperationName } from '@spillway/core/operations.ts';
import { findEntry, type ModelName } from './entries.ts';
import { readInstallation } from './installation.ts';
import type { ModelsSettings } from './settings.ts';

/**
 * The model that a job names and that must be fetched before a child gets the job. Null if nothing must be fetched
 * (`auto` and `built-in` take what is installed), or if nothing may be fetched (the source is `none`).
 */
export async function modelToFetch(
  operation: OperationName,
  options: Readonly<Record<string, unknown>>,
  { folder, saliencyFile, captionDirectory }: ModelsSettings,
  source: string,
): Promise<ModelName | null> {
  const { model: kind } = manifestOf(operation);
  const own = { saliency: saliencyFile, caption: captionDirectory };
  if (source === 'none' || kind === null || own[kind]) return null;
  const entry = typeof options.model === 'string' ? findEntry(options.model) : undefined;
  if (entry?.kind !== kind) return null;
  const state = await readInstallation(folder, entry.name);
  return state.kind === 'installed' ? null : entry.name;
}
