import { z } from 'zod';
import { caption } from './operations/caption.ts';
import type { OperationManifest } from './operations/operation.ts';
import { removeBackground } from './operations/remove-background.ts';
import { sketch } from './operations/sketch.ts';
import { mostIndexedBytes, shownText, textProblem } from './text.ts';

/**
 * The registry: every operation that this program has. It is the only list of operations. It holds the built-in ones
 * from the start; a program adds plug-ins before it does anything else (`@spillway/plugins/load.ts`), and the page adds
 * those that the API names. To add an operation, see docs/image-operations.md.
 */

/** The operations that Spillway ships with. */
export const builtInOperations = { sketch, 'remove-background': removeBackground, caption } as const;
export type BuiltInName = keyof typeof builtInOperations;
export const builtInNames = Object.keys(builtInOperations) as BuiltInName[];
export type OptionsOf<Name extends BuiltInName> = z.infer<(typeof builtInOperations)[Name]['options']>;

declare const registered: unique symbol;
/** The name of an operation of the registry: a built-in one, or a plug-in's that `isOperationName` has confirmed. */
export type OperationName = BuiltInName | (string & { readonly [registered]: true });
/** Options as an operation's schema gave them, with its defaults. */
export type OperationOptions = Readonly<Record<string, unknown>>;

/** Most operations of the registry, and so of one upload. */
export const mostOperations = 16;

interface Entry {
  manifest: OperationManifest;
  /** Address of the module that the manifest came from; null for a built-in operation and on the page. */
  module: string | null;
}

const registry = new Map<string, Entry>(
  Object.entries(builtInOperations).map(([name, manifest]) => [name, { manifest, module: null }]),
);
const names: OperationName[] = [...builtInNames];

/** Every name of the registry, the built-in ones first. It grows when a plug-in is added. */
export const operationNames: readonly OperationName[] = names;

export function isOperationName(name: string): name is OperationName {
  return registry.has(name);
}

export function isBuiltIn(name: string): name is BuiltInName {
  return Object.hasOwn(builtInOperations, name);
}

export function manifestOf(name: OperationName): OperationManifest {
  const entry = registry.get(name);
  // Only a name that outlived its plug-in, as tests can make one.
  if (!entry) throw new Error(`The operation ${name} is not registered any more.`);
  return entry.manifest;
}

/** Adds plug-ins to the registry. Returns a function that removes them again. */
export function addOperations(added: readonly Entry[]): () => void {
  for (const entry of added) registry.set(entry.manifest.name, entry);
  names.push(...added.map(({ manifest }) => manifest.name as OperationName));
  return () => {
    for (const { manifest } of added) {
      registry.delete(manifest.name);
      names.splice(names.indexOf(manifest.name as OperationName), 1);
    }
  };
}

/** A sentence that says why the registry cannot take an operation of that name; null if it can. */
export function nameConflict(name: string): string | null {
  if (isBuiltIn(name)) return `Spillway has an operation named "${name}" itself.`;
  if (registry.has(name)) return `There are two operations named "${name}".`;
  if (registry.size < mostOperations) return null;
  return `There would be more than ${mostOperations} operations, the built-in ones included.`;
}

/** Addresses of the modules that plug-ins came from: what a child process has to load to have the same registry. */
export function pluginModules(): string[] {
  return [...registry.values()].flatMap(({ module }) => module ?? []);
}

/** A name of the registry, as a schema of requests. Made when it is asked for, because the registry grows. */
export function operationNameSchema() {
  const members = Object.fromEntries(names.map((name) => [name, name]));
  return z.enum(members as Record<OperationName, OperationName>);
}

export type ParsedOptions = { ok: true; options: OperationOptions } | { ok: false; message: string };
/** Bytes of a sentence about options, which quotes what a stranger wrote. */
const mostMessageBytes = 1_000;

/**
 * Validates options and fills in defaults, so that equal requests have equal options. Text in them, however deep, can
 * be stored.
 */
export function parseOptions(operation: OperationName, options: unknown): ParsedOptions {
  const parsed = manifestOf(operation).options.safeParse(options ?? {});
  const problems = parsed.success
    ? textProblems(parsed.data)
    : parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  if (parsed.success && problems.length === 0) return { ok: true, options: parsed.data };
  const list = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  const message = `The options of ${operation} are not valid: ${list}.`;
  return { ok: false, message: shownText(message, mostMessageBytes) };
}

/** Finds an operation's options. An upload that asks for several has them by operation: `{"sketch": {"blur": 15}}`. */
export function optionsFor(operation: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  if (keys.length === 0 || !keys.every(isOperationName)) return value;
  return (value as Record<string, unknown>)[operation] ?? {};
}

function textProblems(value: unknown, path = ''): { path: string; message: string }[] {
  if (typeof value === 'string') {
    const message = textProblem(value, mostIndexedBytes);
    return message === null ? [] : [{ path, message }];
  }
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => textProblems(inner, path ? `${path}.${key}` : key));
}
