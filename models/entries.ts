import { captionModels } from '@spillway/core/models.ts';
import type { CaptionModel, ManifestModel, ModelFile } from './manifest.ts';
import { saliencyManifest } from './saliency-entries.ts';

const blipPage = 'https://huggingface.co/Salesforce/blip-image-captioning-base';
/**
 * A commit of the Hub's own converter, from a pull request that was never merged. The main branch has the weights only
 * as a pickle. The other files are equal to the main branch's.
 */
const blipRevision = '9cfcdbcaccbcadb2b53b36d4b50042c4eeaa0c25';

/**
 * No sums of these files are published, so they are pinned at their first download. The revision in the address is a
 * commit, so its content cannot change.
 */
function blipFile(name: string): ModelFile {
  return { name, url: `${blipPage}/resolve/${blipRevision}/${name}`, bytes: null, sha256: null, md5: null };
}

/** The weights come first. They are by far the largest, so a problem with the source shows early. */
const blipFiles = ['model.safetensors', 'config.json', 'tokenizer.json', 'preprocessor_config.json'].map(
  blipFile,
);

const captionEntries: Record<(typeof captionModels)[number], Omit<CaptionModel, 'kind' | 'name'>> = {
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

export const captionManifest: CaptionModel[] = captionModels.map((name) => ({
  kind: 'caption',
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
 * `auto` takes the first of these that is installed. The more exact net is before the faster one, because a person who
 * has installed it wants it. Nets for people, clothes or drawings alone are left out, because they fail on other
 * pictures. BiRefNet is left out, because it needs several times the memory that a worker allows a job. Nets whose
 * licence forbids a use are left out too.
 */
export const saliencyPreference = ['u2net', 'isnet-general-use', 'u2netp', 'silueta'] as const;

/** The quantised model is first, because it is installed only if somebody asked for it. */
export const captionPreference = ['blip-image-captioning-base-int8', 'blip-image-captioning-base'] as const;
