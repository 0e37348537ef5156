import { access } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCode, PermanentError } from '@spillway/core/errors.ts';
import type { Model } from '@spillway/core/job.ts';
import { automaticModel, builtInModel, type ModelKind, nonCommercialModels } from '@spillway/core/models.ts';
import {
  captionPreference,
  findEntry,
  installCommand,
  type ModelName,
  saliencyPreference,
} from './entries.ts';
import { knownSha256 } from './file-sum.ts';
import {
  type Installation,
  isNotFound,
  modelFolder,
  readInstallation,
  weightsSha256,
} from './installation.ts';
import type { InstalledCaptionModel, InstalledSaliencyModel, ModelLibrary } from './installed.ts';
import type { ModelFile, SaliencyForm, SaliencyModel } from './manifest.ts';
import { pinnedSha256 } from './pins.ts';
import { saliencyManifest } from './saliency-entries.ts';
import { saliencyForms } from './saliency-forms.ts';
import { type SaliencyStatement, statedForm, statementBeside } from './saliency-statement.ts';
import type { ModelsSettings } from './settings.ts';

/** The models of a folder and the built-in ones, or the settings' models in their place. */
export function openModels({ folder, ...own }: ModelsSettings): ModelLibrary {
  return libraryOf(own, openLibrary(folder));
}

/** Nothing is cached, so a model that has just been installed is found. */
export function openLibrary(folder: string): ModelLibrary {
  return {
    async saliency(wanted) {
      const name = await choose(folder, wanted, saliencyPreference);
      return name === builtInModel ? await builtInSaliency() : await installedSaliency(folder, name);
    },
    async caption(wanted) {
      const name = await choose(folder, wanted, captionPreference);
      return name === builtInModel ? await builtInCaptioner() : await installedCaptioner(folder, name);
    },
  };
}

/** The models in `own` are used for every option. `fallback` has the others. */
export function libraryOf(own: Omit<ModelsSettings, 'folder'>, fallback: ModelLibrary): ModelLibrary {
  const { saliencyFile, saliencyStatement, captionDirectory } = own;
  return {
    saliency: saliencyFile
      ? () => ownSaliency(saliencyFile, saliencyStatement)
      : (wanted) => fallback.saliency(wanted),
    caption: captionDirectory ? () => ownCaptioner(captionDirectory) : (wanted) => fallback.caption(wanted),
  };
}

/** Resolves `auto` to a name of the manifest or to `built-in`. */
async function choose(folder: string, wanted: string, preference: readonly ModelName[]): Promise<string> {
  if (wanted !== automaticModel) return wanted;
  for (const name of preference) {
    const state = await readInstallation(folder, name);
    if (state.kind === 'installed') return name;
  }
  return builtInModel;
}

async function installedSaliency(folder: string, name: string): Promise<InstalledSaliencyModel> {
  const entry = findEntry(name);
  const [file] = entry?.files ?? [];
  if (entry?.kind !== 'saliency' || !file) throw unknownModel(name, 'saliency');
  const model = await installedModel(folder, entry.name);
  const { input, output } = entry;
  const path = join(modelFolder(folder, name), file.name);
  return { ...model, path, input, output, isGuess: false, notice: noticeOf(entry) };
}

async function installedCaptioner(folder: string, name: string): Promise<InstalledCaptionModel> {
  const entry = findEntry(name);
  if (entry?.kind !== 'caption') throw unknownModel(name, 'caption');
  return { ...(await installedModel(folder, entry.name)), path: modelFolder(folder, name) };
}

async function installedModel(folder: string, name: ModelName): Promise<Model> {
  const state = await readInstallation(folder, name);
  switch (state.kind) {
    case 'absent':
      throw new PermanentError(
        'model_missing',
        `The model ${name} is not installed. Install it with: ${installCommand(name)}`,
      );
    case 'damaged':
      throw damaged(name, state.problem);
    case 'installed': {
      const problem = await changeSince(folder, state.installation);
      if (problem) throw damaged(name, problem);
      return { name, sha256: weightsSha256(state.installation), builtIn: false, install: null };
    }
    default:
      return state satisfies never;
  }
}

function damaged(name: ModelName, problem: string): PermanentError {
  const mend = `Remove its folder and install it again with: ${installCommand(name)}`;
  return new PermanentError('model_invalid', `The model ${name} is damaged (${problem}). ${mend}`);
}

/** Files up to this many bytes are read whenever their model is loaded. */
const soonRead = 4 * 1_024 * 1_024;

/**
 * What is wrong with the sums of an installed model, or null. Its receipt must agree with the pins, and small files are
 * read again. `models verify` reads the large ones.
 */
async function changeSince(folder: string, { name, files }: Installation): Promise<string | null> {
  for (const file of files) {
    const pinned = await pinnedSha256(folder, name, file.name);
    if (pinned !== null && pinned !== file.sha256) {
      return `its receipt says ${file.sha256} of ${file.name}, whose SHA-256 was pinned as ${pinned}`;
    }
    if (file.bytes > soonRead) continue;
    const actual = await knownSha256(join(modelFolder(folder, name), file.name));
    if (actual !== file.sha256)
      return `the SHA-256 of ${file.name} is ${actual} and should be ${file.sha256}`;
  }
  return null;
}

const purposes: Record<ModelKind, string> = { saliency: 'finding a subject', caption: 'captions' };

function unknownModel(name: string, kind: ModelKind): PermanentError {
  return new PermanentError('model_missing', `No model for ${purposes[kind]} is named ${name}.`);
}

const builtInFolder = fileURLToPath(new URL('built-in/', import.meta.url));

/** Names of the built-in models in results, and the model to install in place of each. */
export const builtInModels = {
  saliency: {
    name: 'built-in-salient',
    instead: 'u2netp',
    path: join(builtInFolder, 'salient.onnx'),
    weights: join(builtInFolder, 'salient.onnx'),
  },
  caption: {
    name: 'built-in-captioner',
    instead: 'blip-image-captioning-base',
    path: join(builtInFolder, 'captioner'),
    weights: join(builtInFolder, 'captioner', 'model.safetensors'),
  },
} as const satisfies Record<ModelKind, object>;

async function builtInSaliency(): Promise<InstalledSaliencyModel> {
  const { path } = builtInModels.saliency;
  const model = await builtIn('saliency');
  return { ...model, path, ...saliencyForms.u2net, isGuess: false, notice: null };
}

async function builtInCaptioner(): Promise<InstalledCaptionModel> {
  return { ...(await builtIn('caption')), path: builtInModels.caption.path };
}

async function builtIn(kind: ModelKind): Promise<Model> {
  const { name, instead, weights } = builtInModels[kind];
  const install = installCommand(instead);
  try {
    return { name, sha256: await knownSha256(weights), builtIn: true, install };
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new PermanentError(
      'model_missing',
      `This copy of Spillway lacks its built-in model (${weights}). Install another with: ${install}`,
    );
  }
}

async function ownSaliency(
  path: string,
  statement: SaliencyStatement | undefined,
): Promise<InstalledSaliencyModel> {
  const model = await ownModel(basename(path), path, `There is no model file at ${path}.`);
  const known = knownEntry(path, model.sha256);
  const stated = statement ?? (await statementBeside(path));
  const { input, output } = stated ? statedForm(stated) : (known ?? guessedForm);
  const notice = known && noticeOf(known);
  return { ...model, path, input, output, isGuess: stated === null && known === null, notice };
}

/** U^2-Net's form, with the side that the file itself has. */
const guessedForm: SaliencyForm = { input: { ...saliencyForms.u2net.input, side: null }, output: 'map' };

/** The manifest's entry for a file, by its content, or else by its name. */
function knownEntry(path: string, sha256: string): SaliencyModel | null {
  const name = basename(path);
  const has = (test: (file: ModelFile) => boolean) => saliencyManifest.find(({ files }) => files.some(test));
  return (
    has((file) => file.sha256 === sha256) ??
    has((file) => file.name === name || basename(file.url) === name) ??
    null
  );
}

function noticeOf({ name, licence, page }: SaliencyModel): string | null {
  if (!nonCommercialModels.includes(name)) return null;
  return `Made by ${name}, whose licence (${licence}) forbids commercial use: ${page}`;
}

async function ownCaptioner(directory: string): Promise<InstalledCaptionModel> {
  for (const file of ['config.json', 'tokenizer.json']) {
    await access(join(directory, file)).catch(() => {
      throw incomplete(directory, file);
    });
  }
  const weights = join(directory, 'model.safetensors');
  const missing = incomplete(directory, 'model.safetensors').message;
  return { ...(await ownModel(basename(directory), weights, missing)), path: directory };
}

function incomplete(directory: string, file: string): PermanentError {
  const needs = 'A BLIP checkpoint’s folder has config.json, model.safetensors and tokenizer.json';
  return new PermanentError('model_missing', `${needs}; ${directory} has no ${file}.`);
}

async function ownModel(name: string, weights: string, missing: string): Promise<Model> {
  try {
    return { name, sha256: await knownSha256(weights), builtIn: false, install: null };
  } catch (error) {
    const isFolder = hasCode(error, 'EISDIR');
    if (isFolder || isNotFound(error)) throw new PermanentError('model_missing', missing);
    throw error;
  }
}
