import { access, readFile, realpath, stat } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseManifest } from '@spillway/core/operations/manifest-schema.ts';
import type { OperationManifest } from '@spillway/core/operations/operation.ts';
import { addOperations, nameConflict, pluginModules } from '@spillway/core/operations.ts';
import { z } from 'zod';
import { provideModules } from './provided-modules.ts';

/** A plug-in that cannot be used. The message names the file, what is wrong, and what to do. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
}

/** A plug-in's manifest and the address of the module that it came from. */
export interface Plugin {
  manifest: OperationManifest;
  module: string;
}

/**
 * Adds the plug-ins that `SPILLWAY_OPERATIONS` names to the registry. Every program calls it before it does anything
 * else. A plug-in that is there already is passed over. A plug-in is trusted: its code runs in this program.
 * @param list Paths of folders, and names of npm packages, separated by commas. May be empty.
 * @param from The folder that relative paths and packages are looked for in.
 * @throws PluginError where one of them cannot be used; none is added then.
 */
export async function loadPlugins(list: string, from: string = process.cwd()): Promise<void> {
  const names = list.split(',').map((name) => name.trim());
  const modules = [];
  for (const name of names.filter((each) => each !== '')) modules.push(await entryOf(name, from));
  await addPlugins(modules);
}

/**
 * Adds the plug-ins of these modules to the registry, as a child process does that its parent tells of them.
 * @throws PluginError where one of them cannot be used; none is added then.
 */
export async function addPlugins(modules: readonly string[]): Promise<Plugin[]> {
  const plugins: Plugin[] = [];
  const takeOut: (() => void)[] = [];
  try {
    for (const module of modules) {
      if (pluginModules().includes(module)) continue;
      const plugin = { manifest: await manifestIn(module), module };
      const conflict = nameConflict(plugin.manifest.name);
      if (conflict) throw new PluginError(`${about(module)} cannot be added. ${conflict} ${mend}`);
      takeOut.push(addOperations([plugin]));
      plugins.push(plugin);
    }
  } catch (error) {
    for (const undo of takeOut) undo();
    throw error;
  }
  return plugins;
}

/**
 * The default export of a module of a plug-in.
 * @throws PluginError where the module cannot be loaded or has no default export.
 */
export async function importDefault(module: string): Promise<unknown> {
  const manifest = findPackageJSON(module);
  provideModules(dirname(manifest ?? fileURLToPath(module)));
  const loaded = await importModule(module).catch((error: unknown) => {
    const why = (error instanceof Error ? error.message : String(error)).replace(/[.\s]+$/, '');
    throw new PluginError(`${about(module)} cannot be loaded: ${why}. ${mend}`, { cause: error });
  });
  if (loaded.default === undefined) throw new PluginError(`${about(module)} has no default export. ${mend}`);
  return loaded.default;
}

const mend = 'Mend it, or take it out of SPILLWAY_OPERATIONS.';

function about(module: string): string {
  return `The plug-in ${fileURLToPath(module)}`;
}

async function importModule(module: string): Promise<{ default?: unknown }> {
  return await import(/* @vite-ignore */ module);
}

async function manifestIn(module: string): Promise<OperationManifest> {
  const exported = await importDefault(module);
  try {
    const manifest = parseManifest(exported);
    await requireImplementation(manifest, module);
    return manifest;
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const list = error.issues.map(({ path, message }) => `${path.join('.') || 'the manifest'}: ${message}`);
    throw new PluginError(`${about(module)} has a manifest that is not valid: ${list.join('; ')}. ${mend}`);
  }
}

async function requireImplementation({ implementation }: OperationManifest, module: string): Promise<void> {
  const hint =
    "It has to name the module of its implementation: implementation: new URL('implementation.js', import.meta.url).";
  if (!implementation)
    throw new PluginError(`${about(module)} has a manifest without "implementation". ${hint}`);
  await access(implementation).catch(() => {
    throw new PluginError(
      `${about(module)} names an implementation that is not there: ${implementation}. ${hint}`,
    );
  });
}

const packageSchema = z.object({
  exports: z
    .union([z.string(), z.object({ '.': z.union([z.string(), z.object({ default: z.string() })]) })])
    .optional(),
  main: z.string().optional(),
});

/** The address of a plug-in's module, as its package.json names it. */
async function entryOf(name: string, from: string): Promise<string> {
  const folder = (await folderAt(resolve(from, name))) ?? folderOfPackage(name, from);
  if (folder === null) {
    throw new PluginError(
      `SPILLWAY_OPERATIONS names "${name}", and there is neither a folder of that path nor an installed package of that name (looked for from ${from}). Install it, or mend the variable.`,
    );
  }
  const path = join(folder, 'package.json');
  const parsed = packageSchema.safeParse(await readJson(path));
  const entry = parsed.success ? entryIn(parsed.data) : null;
  if (entry === null) {
    throw new PluginError(
      `The plug-in ${folder} does not say where its manifest is. Name the module in ${path}: "exports": "./operation.js".`,
    );
  }
  const file = join(folder, entry);
  return pathToFileURL(
    await realpath(file).catch(() => {
      throw new PluginError(`The plug-in ${folder} names ${entry} in its package.json, which is not there.`);
    }),
  ).href;
}

function entryIn({ exports, main }: z.infer<typeof packageSchema>): string | null {
  const root = typeof exports === 'object' ? exports['.'] : exports;
  return (typeof root === 'object' ? root.default : root) ?? main ?? null;
}

async function folderAt(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ? path : null;
}

/** Looked for as Node does from that folder, and then beside Spillway's own packages. */
function folderOfPackage(name: string, from: string): string | null {
  if (!/^(@[\w.-]+\/)?[\w.-]+$/.test(name) || name.startsWith('.')) return null;
  for (const base of [pathToFileURL(`${from}${sep}`), import.meta.url]) {
    const found = tryFind(name, base);
    if (found !== undefined) return dirname(found);
  }
  return null;
}

function tryFind(name: string, base: string | URL): string | undefined {
  try {
    return findPackageJSON(name, base);
  } catch {
    // What Node throws where there is no such package.
    return undefined;
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}
