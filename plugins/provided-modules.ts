import { registerHooks } from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What a plug-in may import without having it: `spillway/operation` and `spillway/implementation`, whose functions only give types
 * to their arguments, and the packages that it has to share with the Spillway that runs it.
 */
const modules: Readonly<Record<string, string>> = {
  'spillway/operation': 'export const defineOperation = (manifest) => manifest;',
  'spillway/implementation':
    'export const defineImplementation = (_manifest, implementation) => implementation;',
};
const shared: ReadonlySet<string> = new Set(['zod', 'sharp']);
const scheme = 'spillway-provided:';

/** Folders of plug-ins. Node's hooks belong to the process, and so does this. */
const folders = new Set<string>();

/** From now on the modules of this folder, and of those below it, find what Spillway provides. */
export function provideModules(folder: string): void {
  if (folders.size === 0) hook();
  folders.add(folder);
}

function hook(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (!isOfPlugin(context.parentURL)) return next(specifier, context);
      if (Object.hasOwn(modules, specifier)) {
        return { url: `${scheme}${specifier}`, format: 'module', shortCircuit: true };
      }
      return next(specifier, shared.has(specifier) ? { ...context, parentURL: import.meta.url } : context);
    },
    load(url, context, next) {
      if (!url.startsWith(scheme)) return next(url, context);
      return { format: 'module', source: modules[url.slice(scheme.length)] ?? '', shortCircuit: true };
    },
  });
}

/** A plug-in's own packages are not its modules. */
function isOfPlugin(parent: string | undefined): boolean {
  if (!parent?.startsWith('file:')) return false;
  const path = fileURLToPath(parent);
  return [...folders].some((folder) => {
    const below = path.startsWith(`${folder}${sep}`) ? path.slice(folder.length) : null;
    return below !== null && !below.includes(`${sep}node_modules${sep}`);
  });
}
