/** Names of the models that an option may ask for. Where each comes from stands in `models/entries.ts`. */

/** What Spillway ships with, so that a machine with no network does every job. */
export const builtInModel = 'built-in';
/** The best that is installed; the built-in one where nothing is. */
export const automaticModel = 'auto';

/** Nets that find what a picture is of, as rembg names them: all whose sessions take a picture and nothing else. */
export const saliencyModels = [
  'u2net',
  'u2netp',
  'u2net_human_seg',
  'u2net_cloth_seg',
  'silueta',
  'isnet-general-use',
  'isnet-anime',
  'birefnet-general-lite',
  'birefnet-general',
  'birefnet-portrait',
  'birefnet-dis',
  'birefnet-hrsod',
  'birefnet-cod',
  'birefnet-massive',
  'bria-rmbg',
] as const;

/** Models whose licences forbid commercial use: they are used where they are named, and never by themselves. */
export const nonCommercialModels: readonly string[] = ['bria-rmbg'];

/** Salesforce's BLIP, and the form of it that is quantised to 8-bit integers when it is installed. */
export const captionModels = ['blip-image-captioning-base', 'blip-image-captioning-base-int8'] as const;

/** What a model is for: a saliency net finds the subject of a picture, a caption model says what the picture shows. */
export const modelKinds = ['saliency', 'caption'] as const;
export type ModelKind = (typeof modelKinds)[number];
