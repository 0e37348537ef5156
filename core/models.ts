/** Names of the models that an option may ask for. `models/entries.ts` says where each comes from. */

/** The models that Spillway ships with, so that a machine without a network does every job. */
export const builtInModel = 'built-in';
/** Takes the best model that is installed, or the built-in one if none is. */
export const automaticModel = 'auto';

/** What a job may name on every machine. */
export const modelsEverywhere: readonly string[] = [automaticModel, builtInModel];

/** Nets that find a picture's subject, by rembg's names: all of rembg's sessions that need only a picture. */
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

/** Models whose licences forbid commercial use. They are used only if they are named. */
export const nonCommercialModels: readonly string[] = ['bria-rmbg'];

/** Salesforce's BLIP, and the form of it whose weights become 8-bit integers at its installation. */
export const captionModels = ['blip-image-captioning-base', 'blip-image-captioning-base-int8'] as const;

/** What a model is for: a saliency net finds the subject of a picture, a caption model says what the picture shows. */
export const modelKinds = ['saliency', 'caption'] as const;
export type ModelKind = (typeof modelKinds)[number];
