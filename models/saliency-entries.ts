import { saliencyModels } from '@spillway/core/models.ts';
import type { ModelFile, SaliencyModel } from './manifest.ts';
import { saliencyForms } from './saliency-forms.ts';

const rembgRelease = 'https://github.com/danielgatis/rembg/releases/download/v0.0.0';

/**
 * The MD5 is from the source of rembg's sessions, which has a SHA-256 for bria-rmbg instead. Sizes and SHA-256 are those
 * that many public projects pin for the same addresses. Those of u2net and u2netp were compared with the files.
 * @param published The file's name at its publisher, if it is not the model's.
 */
function rembgFile(
  name: string,
  bytes: number,
  sha256: string,
  md5: string | null,
  published = `${name}.onnx`,
): ModelFile {
  return { name: `${name}.onnx`, url: `${rembgRelease}/${published}`, bytes, sha256, md5 };
}

type Entry = Omit<SaliencyModel, 'kind' | 'name'>;
type Name = (typeof saliencyModels)[number];

const u2netPage = 'https://github.com/xuebinqin/U-2-Net';

const u2netEntries = {
  u2net: {
    description: 'U²-Net, for pictures of any kind',
    licence: 'Apache-2.0',
    page: u2netPage,
    ...saliencyForms.u2net,
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
    ...saliencyForms.u2net,
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
    ...saliencyForms.u2net,
    files: [
      rembgFile(
        'u2net_human_seg',
        175_997_641,
        '01eb6a29a5c4d8edb30b56adad9bb3a2a0535338e480724a213e0acfd2d1c73c',
        'c09ddc2e0104f800e3e1bb4652583d1f',
      ),
    ],
  },
  u2net_cloth_seg: {
    description: 'U²-Net trained on the clothes of people',
    licence: 'MIT',
    page: 'https://github.com/levindabhi/cloth-segmentation',
    ...saliencyForms.u2net_cloth_seg,
    files: [
      rembgFile(
        'u2net_cloth_seg',
        176_194_565,
        '6d2cbc27bfbdc989e1fd325656d65902ecc6a3ccbe94b2d3655ec114efcb128e',
        '2434d1f3cb744e0e49386c906e5a08bb',
      ),
    ],
  },
  silueta: {
    description: 'U²-Net reduced in size',
    // Made from U²-Net by an author of rembg, who states no separate licence.
    licence: 'Apache-2.0',
    page: 'https://github.com/danielgatis/rembg',
    ...saliencyForms.u2net,
    files: [
      rembgFile(
        'silueta',
        44_173_029,
        '75da6c8d2f8096ec743d071951be73b4a8bc7b3e51d9a6625d63644f90ffeedb',
        '55e59e0d8062d2f5d013f4725ee84782',
      ),
    ],
  },
} satisfies Partial<Record<Name, Entry>>;

const isnetEntries = {
  'isnet-general-use': {
    description: 'IS-Net (DIS), fine edges; slow, at 1024 pixels',
    licence: 'Apache-2.0',
    page: 'https://github.com/xuebinqin/DIS',
    ...saliencyForms.isnet,
    files: [
      rembgFile(
        'isnet-general-use',
        178_648_008,
        '60920e99c45464f2ba57bee2ad08c919a52bbf852739e96947fbb4358c0d964a',
        'fc16ebd8b0c10d971d3513d564d01e29',
      ),
    ],
  },
  'isnet-anime': {
    description: 'IS-Net trained on drawn characters',
    licence: 'Apache-2.0',
    page: 'https://github.com/SkyTNT/anime-segmentation',
    ...saliencyForms['isnet-anime'],
    files: [
      rembgFile(
        'isnet-anime',
        176_069_933,
        'f15622d853e8260172812b657053460e20806f04b9e05147d49af7bed31a6e99',
        '6f184e756bb3bd901c8849220a83e38e',
      ),
    ],
  },
} satisfies Partial<Record<Name, Entry>>;

/** Memory: public measurements of the net on CPUs say 8 to 12 GB. None was made here. */
const birefnetNeeds = 'slow, and needs about 8 GB of memory';

function birefnet(what: string, file: ModelFile): Entry {
  return {
    description: `BiRefNet ${what}; ${birefnetNeeds}`,
    licence: 'MIT',
    page: 'https://github.com/ZhengPeng7/BiRefNet',
    ...saliencyForms.birefnet,
    files: [file],
  };
}

/** For every BiRefNet except the one with a small backbone. */
const birefnetBytes = 972_666_916;

const birefnetEntries = {
  'birefnet-general-lite': birefnet(
    'with a small backbone, for pictures of any kind',
    rembgFile(
      'birefnet-general-lite',
      224_005_088,
      '5600024376f572a557870a5eb0afb1e5961636bef4e1e22132025467d0f03333',
      '4fab47adc4ff364be1713e97b7e66334',
      'BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx',
    ),
  ),
  'birefnet-general': birefnet(
    'for pictures of any kind',
    rembgFile(
      'birefnet-general',
      birefnetBytes,
      '58f621f00f5d756097615970a88a791584600dcf7c45b18a0a6267535a1ebd3c',
      '7a35a0141cbbc80de11d9c9a28f52697',
      'BiRefNet-general-epoch_244.onnx',
    ),
  ),
  'birefnet-portrait': birefnet(
    'trained on portraits',
    rembgFile(
      'birefnet-portrait',
      birefnetBytes,
      '1ba1c8ff5a7bbfadc8d8d13fb11d7be793f91f23d9d466549e37a854f6668f99',
      'c3a64a6abf20250d090cd055f12a3b67',
      'BiRefNet-portrait-epoch_150.onnx',
    ),
  ),
  'birefnet-dis': birefnet(
    'trained on things of fine structure (DIS)',
    rembgFile(
      'birefnet-dis',
      birefnetBytes,
      '6470117bac6f8d82a3f62921056f52d0f5c4d36d1d832096331d5ea38a03acb5',
      '2d4d44102b446f33a4ebb2e56c051f2b',
      'BiRefNet-DIS-epoch_590.onnx',
    ),
  ),
  'birefnet-hrsod': birefnet(
    'trained on large pictures (HRSOD)',
    rembgFile(
      'birefnet-hrsod',
      birefnetBytes,
      '4f5837663194fb88f603b76782eae05a3c29f5749872ca1bfb636bd26e7f6bfc',
      'c017ade5de8a50ff0fd74d790d268dda',
      'BiRefNet-HRSOD_DHU-epoch_115.onnx',
    ),
  ),
  'birefnet-cod': birefnet(
    'trained on what hides in its surroundings (COD)',
    rembgFile(
      'birefnet-cod',
      birefnetBytes,
      '91ec48f566db475cf6e4caa7e9cd997f352edfcc372372f437e2fbefc1557b13',
      'f6d0d21ca89d287f17e7afe9f5fd3b45',
      'BiRefNet-COD-epoch_125.onnx',
    ),
  ),
  'birefnet-massive': birefnet(
    'trained on the most pictures',
    rembgFile(
      'birefnet-massive',
      birefnetBytes,
      'a94814cac438a31f95287811882628644a04b22d313ef3071d2ba904b5f627b8',
      '33e726a2136a3d59eb0fdf613e31e3e9',
      'BiRefNet-massive-TR_DIS5K_TR_TEs-epoch_420.onnx',
    ),
  ),
} satisfies Partial<Record<Name, Entry>>;

const entries: Record<Name, Entry> = {
  ...u2netEntries,
  ...isnetEntries,
  ...birefnetEntries,
  'bria-rmbg': {
    description: `BRIA’s RMBG 2.0, not for commercial use without BRIA’s agreement; ${birefnetNeeds}`,
    licence: 'CC-BY-NC-4.0',
    page: 'https://huggingface.co/briaai/RMBG-2.0',
    ...saliencyForms['bria-rmbg'],
    files: [
      rembgFile(
        'bria-rmbg',
        1_024_331_469,
        '5b486f08200f513f460da46dd701db5fbb47d79b4be4b708a19444bcd4e79958',
        null,
        'bria-rmbg-2.0.onnx',
      ),
    ],
  },
};

export const saliencyManifest: SaliencyModel[] = saliencyModels.map((name) => ({
  kind: 'saliency',
  name,
  ...entries[name],
}));
