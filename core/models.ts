/** Names of the models that an option may ask for. Where each comes from stands in `models/entries.ts`. */

/** What Spillway ships with, so that a machine with no network does every job. */
export const builtInModel = 'built-in';
/** The best that is installed; the built-in one where nothing is. */
export const automaticModel = 'auto';

/** U^2-Net and its kin, as rembg names them. */
export const saliencyModels = ['u2net', 'u2netp', 'u2net_human_seg', 'silueta', 'isnet-general-use'] as const;

/** Salesforce's BLIP, and the form of it that is quantised to 8-bit integers when it is installed. */
export const captionModels = ['blip-image-captioning-base', 'blip-image-captioning-base-int8'] as const;
