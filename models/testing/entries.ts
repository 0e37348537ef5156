import { createHash } from 'node:crypto';
import type { QuantiseCheckpoint } from '../install-types.ts';
import type { ManifestModel, ModelFile } from '../manifest.ts';
import { saliencyForms } from '../saliency-forms.ts';

export function sumOf(content: Buffer, algorithm = 'sha256'): string {
  return createHash(algorithm).update(content).digest('hex');
}

/** A manifest entry for u2netp whose file is at `url`. With `content`, its SHA-256 is known. */
export function entryAt(url: string, known: Partial<ModelFile> = {}): ManifestModel {
  return {
    kind: 'saliency',
    name: 'u2netp',
    description: '',
    licence: 'Apache-2.0',
    page: '',
    ...saliencyForms.u2net,
    files: [{ name: 'u2netp.onnx', url, bytes: null, sha256: null, md5: null, ...known }],
  };
}

export const neverQuantise: QuantiseCheckpoint = async () => {
  throw new Error('Nothing is to be quantised here.');
};
