/** Writes small ICC profiles (ICC.1:2001 and ICC.1:2022), good ones and others. */

import { text, u16, u32 } from '../big-endian.ts';

/** Columns of red, green and blue in XYZ under D50. */
export type Colorants = readonly (readonly [x: number, y: number, z: number])[];

/** As published with each space; those of ICC's own and Adobe's profiles, rounded to s15Fixed16 when written. */
export const colorants = {
  srgb: [
    [0.43607, 0.22249, 0.01392],
    [0.38515, 0.71687, 0.09708],
    [0.14307, 0.06061, 0.7141],
  ],
  p3: [
    [0.51512, 0.2412, -0.00105],
    [0.29198, 0.69225, 0.04189],
    [0.1571, 0.06657, 0.78407],
  ],
  adobeRgb: [
    [0.60974, 0.31111, 0.01947],
    [0.20528, 0.62567, 0.06087],
    [0.14919, 0.06322, 0.74457],
  ],
  proPhoto: [
    [0.79766, 0.28804, 0],
    [0.13519, 0.71188, 0],
    [0.03134, 0.00009, 0.82491],
  ],
} as const satisfies Record<string, Colorants>;

export interface ProfileHeader {
  version?: 2 | 4;
  deviceClass?: string;
  space: string;
  connection?: string;
}

const d50 = [0.9642, 1, 0.8249] as const;

/** A profile of a screen: three colorants and one power law; a gamma of null is sRGB's curve as a table. */
export function matrixProfile(
  columns: Colorants,
  gamma: number | null,
  header: Partial<ProfileHeader> = {},
): Buffer {
  const curve = curveTag(gamma, header.version);
  const names = ['r', 'g', 'b'];
  return iccProfile({ space: 'RGB ', ...header }, [
    ...names.map((name, index) => [`${name}XYZ`, xyzTag(columns[index] ?? [0, 0, 0])] as const),
    ...names.map((name) => [`${name}TRC`, curve] as const),
  ]);
}

export function greyProfile(gamma: number | null, header: Partial<ProfileHeader> = {}): Buffer {
  return iccProfile({ space: 'GRAY', ...header }, [['kTRC', curveTag(gamma, header.version)]]);
}

/**
 * A profile that is a table of Lab colours (`lut8Type`) over the corners of its space.
 * @param lab Lightness, a and b of a corner whose channels are 0 or 1.
 */
export function tableProfile(
  header: ProfileHeader,
  channels: number,
  lab: (corner: number[]) => [number, number, number],
): Buffer {
  const identity = Array.from({ length: 256 }, (_, level) => level);
  const corners = Array.from({ length: 2 ** channels }, (_, corner) =>
    Array.from({ length: channels }, (_, channel) => (corner >> (channels - 1 - channel)) & 1),
  );
  const table = corners.flatMap((corner) => {
    const [lightness, a, b] = lab(corner);
    return [(lightness * 255) / 100, a + 128, b + 128].map((value) =>
      Math.max(0, Math.min(255, Math.round(value))),
    );
  });
  const tag = Buffer.concat([
    text('mft1\0\0\0\0'),
    Buffer.from([channels, 3, 2, 0]),
    ...[1, 0, 0, 0, 1, 0, 0, 0, 1].map(fixed),
    ...Array.from({ length: channels }, () => Buffer.from(identity)),
    Buffer.from(table),
    ...[0, 1, 2].map(() => Buffer.from(identity)),
  ]);
  return iccProfile({ connection: 'Lab ', deviceClass: 'prtr', ...header }, [['A2B0', tag]]);
}

export function iccProfile(
  { version = 2, deviceClass = 'mntr', space, connection = 'XYZ ' }: ProfileHeader,
  tags: readonly (readonly [string, Buffer])[],
): Buffer {
  const all = [
    ['desc', version === 4 ? localisedTag('test') : descriptionTag('test')] as const,
    ['cprt', version === 4 ? localisedTag('none') : Buffer.concat([text('text\0\0\0\0none\0')])] as const,
    ['wtpt', xyzTag(d50)] as const,
    ...tags,
  ];
  let offset = 128 + 4 + all.length * 12;
  const directory: Buffer[] = [u32(all.length)];
  const contents: Buffer[] = [];
  for (const [name, content] of all) {
    const padded = Buffer.concat([content, Buffer.alloc((4 - (content.length % 4)) % 4)]);
    directory.push(text(name), u32(offset, content.length));
    contents.push(padded);
    offset += padded.length;
  }
  const head = Buffer.alloc(128);
  head.writeUInt32BE(offset, 0);
  head.writeUInt32BE(version === 4 ? 0x0440_0000 : 0x0210_0000, 8);
  head.write(deviceClass + space + connection, 12, 'latin1');
  head.write('acsp', 36, 'latin1');
  Buffer.concat(d50.map(fixed)).copy(head, 68);
  return Buffer.concat([head, ...directory, ...contents]);
}

function curveTag(gamma: number | null, version: number | undefined): Buffer {
  if (version === 4) {
    // Parametric: a power, or sRGB's of five parameters.
    return gamma === null
      ? Buffer.concat([
          text('para\0\0\0\0\0\x03\0\0'),
          ...[2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045].map(fixed),
        ])
      : Buffer.concat([text('para\0\0\0\0\0\0\0\0'), fixed(gamma)]);
  }
  if (gamma !== null) return Buffer.concat([text('curv\0\0\0\0'), u32(1), u16(Math.round(gamma * 256))]);
  const light = (value: number): number =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const table = Array.from({ length: 1_024 }, (_, index) => Math.round(65_535 * light(index / 1_023)));
  return Buffer.concat([text('curv\0\0\0\0'), u32(table.length), u16(...table)]);
}

function xyzTag(xyz: readonly number[]): Buffer {
  return Buffer.concat([text('XYZ \0\0\0\0'), ...xyz.map(fixed)]);
}

function descriptionTag(description: string): Buffer {
  return Buffer.concat([
    text('desc\0\0\0\0'),
    u32(description.length + 1),
    text(`${description}\0`),
    Buffer.alloc(78),
  ]);
}

function localisedTag(description: string): Buffer {
  const letters = Buffer.from(description, 'utf16le').swap16();
  return Buffer.concat([text('mluc\0\0\0\0'), u32(1, 12), text('enUS'), u32(letters.length, 28), letters]);
}

/** s15Fixed16Number. */
function fixed(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(Math.round(value * 65_536));
  return bytes;
}
