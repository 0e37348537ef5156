import { captionModels, saliencyModels } from '@spillway/core/models.ts';
import type { CaptionModel, ManifestModel, ModelFile, SaliencyInput, SaliencyModel } from './manifest.ts';

/** What U^2-Net was trained on: ImageNet's statistics. Source: rembg `sessions/base.py`, `u2net.py`. */
export const u2netInput: SaliencyInput = {
  side: 320,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** Source: rembg `sessions/dis_general_use.py`. */
const isnetInput: SaliencyInput = { side: 1024, mean: [0.5, 0.5, 0.5], std: [1, 1, 1] };

const rembgRelease = 'https://github.com/danielgatis/rembg/releases/download/v0.0.0';

/**
 * MD5 as in the source of rembg's sessions. Sizes and SHA-256 as many public projects pin them for these very
 * addresses; for u2netp and isnet-general-use one of them names the same MD5 beside.
 */
function rembgFile(name: string, bytes: number, sha256: string, md5: string): ModelFile {
  return { name: `${name}.onnx`, url: `${rembgRelease}/${name}.onnx`, bytes, sha256, md5 };
}

const u2netPage = 'https://github.com/xuebinqin/U-2-Net';

/** In order of preference: what `auto` takes is the first that is installed, save those it passes over. */
const saliencyEntries: Record<(typeof saliencyModels)[number], Omit<SaliencyModel, 'operation' | 'name'>> = {
  u2net: {
    description: 'U²-Net, for pictures of any kind',
    licence: 'Apache-2.0',
    page: u2netPage,
    input: u2netInput,
    files: [
      rembgFile(
        'u2net',
        175_997_641,
        '8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491',
        '60024c5c889badc19c04ad937298a77b',
      ),
    ],
  },
  u2netp: {
    description: 'U²-Net made small: fast, a little less exact',
    licence: 'Apache-2.0',
    page: u2netPage,
    input: u2netInput,
    files: [
      rembgFile(
        'u2netp',
        4_574_861,
        '309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8',
        '8e83ca70e441ab06c318d82300c84806',
      ),
    ],
  },
  u2net_human_seg: {
    description: 'U²-Net trained on people alone',
    licence: 'Apache-2.0',
    page: u2netPage,
    input: u2netInput,
    files: [
      rembgFile(
        'u2net_human_seg',
        175_997_641,
        '01eb6a29a5c4d8edb30b56adad9bb3a2a0535338e480724a213e0acfd2d1c73c',
        'c09ddc2e0104f800e3e1bb4652583d1f',
      ),
    ],
  },
  silueta: {
    description: 'U²-Net reduced in size',
    // Made of U²-Net by an author of rembg, who states no licence of its own.
    licence: 'Apache-2.0',
    page: 'https://github.com/danielgatis/rembg',
    input: u2netInput,
    files: [
      rembgFile(
        'silueta',
        44_173_029,
        '75da6c8d2f8096ec743d071951be73b4a8bc7b3e51d9a6625d63644f90ffeedb',
        '55e59e0d8062d2f5d013f4725ee84782',
      ),
    ],
  },
  'isnet-general-use': {
    description: 'IS-Net (DIS), fine edges; slow, at 1024 pixels',
    licence: 'Apache-2.0',
    page: 'https://github.com/xuebinqin/DIS',
    input: isnetInput,
    files: [
      rembgFile(
        'isnet-general-use',
        178_648_008,
        '60920e99c45464f2ba57bee2ad08c919a52bbf852739e96947fbb4358c0d964a',
        'fc16ebd8b0c10d971d3513d564d01e29',
      ),
    ],
  },
};

const blipPage = 'https://huggingface.co/Salesforce/blip-image-captioning-base';
/**
 * A commit of the Hub's own converter, proposed to the repository (a pull request that was never merged): the main
 * branch has the weights as a pickle only. The other files are the same as there.
 */
const blipRevision = '9cfcdbcaccbcadb2b53b36d4b50042c4eeaa0c25';

function blipFile(name: string): ModelFile {
  return { name, url: `${blipPage}/resolve/${blipRevision}/${name}`, bytes: null, sha256: null, md5: null };
}

/** The weights first: by far the largest, so that what is wrong with a source shows where it matters. */
const blipFiles = ['model.safetensors', 'config.json', 'tokenizer.json', 'preprocessor_config.json'].map(
  blipFile,
);

const captionEntries: Record<(typeof captionModels)[number], Omit<CaptionModel, 'operation' | 'name'>> = {
  'blip-image-captioning-base': {
    description: 'Salesforce’s BLIP, base size, 32-bit floats (about 990 MB)',
    licence: 'BSD-3-Clause',
    page: blipPage,
    files: blipFiles,
    quantisedFrom: null,
  },
  'blip-image-captioning-base-int8': {
    description: 'BLIP base, made smaller and faster on this machine: 8-bit integers (fetches about 990 MB)',
    licence: 'BSD-3-Clause',
    page: blipPage,
    files: blipFiles,
    quantisedFrom: 'blip-image-captioning-base',
  },
};

export const saliencyManifest: SaliencyModel[] = saliencyModels.map((name) => ({
  operation: 'remove-background',
  name,
  ...saliencyEntries[name],
}));

export const captionManifest: CaptionModel[] = captionModels.map((name) => ({
  operation: 'caption',
  name,
  ...captionEntries[name],
}));

/** Every model that can be installed. */
export const manifest: ManifestModel[] = [...saliencyManifest, ...captionManifest];

export type ModelName = ManifestModel['name'];

export function findEntry(name: string): ManifestModel | undefined {
  return manifest.find((entry) => entry.name === name);
}

/** The command that a person types to install a model. */
export function installCommand(name: ModelName): string {
  return `npx spillway models fetch ${name}`;
}

/**
 * What `auto` takes: the first of these that is installed. The more exact net before the faster one, because whoever
 * installed it wants it; not the one for people alone, which fails on everything else.
 */
export const saliencyPreference = ['u2net', 'isnet-general-use', 'u2netp', 'silueta'] as const;

/** The quantised one first: it is never there unless somebody asked for it. */
export const captionPreference = ['blip-image-captioning-base-int8', 'blip-image-captioning-base'] as const;
