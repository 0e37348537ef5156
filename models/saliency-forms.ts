import type { SaliencyForm } from './manifest.ts';

/** Mean and standard deviation of ImageNet. Most of these nets were trained with them. */
const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** All known forms, by the name of the rembg session that each was read from (at 684f8e9). */
export const saliencyForms = {
  /** `sessions/u2net.py`, and with it u2netp, u2net_human_seg and silueta. */
  u2net: { input: { side: 320, ...imageNet }, output: 'map' },
  /** `sessions/dis_general_use.py`. */
  isnet: { input: { side: 1024, mean: [0.5, 0.5, 0.5], std: [1, 1, 1] }, output: 'map' },
  /** `sessions/dis_anime.py`. */
  'isnet-anime': { input: { side: 1024, mean: imageNet.mean, std: [1, 1, 1] }, output: 'map' },
  /** `sessions/birefnet_general.py`, from which every other BiRefNet's session inherits. */
  birefnet: { input: { side: 1024, ...imageNet }, output: 'logits' },
  /** `sessions/bria_rmbg.py`. */
  'bria-rmbg': { input: { side: 1024, ...imageNet }, output: 'map' },
  /** `sessions/u2net_cloth_seg.py`. */
  u2net_cloth_seg: { input: { side: 768, ...imageNet }, output: 'clothes' },
} as const satisfies Record<string, SaliencyForm>;

export type SaliencyFormName = keyof typeof saliencyForms;
