import sharp, { type Sharp } from 'sharp';

/** Pictures drawn by code, the same on every run and machine, so that no test needs another's photograph. */
export interface Drawing {
  /** Interleaved 8-bit RGB, row by row. */
  data: Uint8Array;
  width: number;
  height: number;
}

/** Numbers 0..1 from a seed (mulberry32, a public-domain generator). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Gradients, overlapping discs and some noise: smooth areas, edges and texture, with every colour. */
export function drawScene(width: number, height: number, seed = 1): Drawing {
  const random = seededRandom(seed);
  const data = new Uint8Array(width * height * 3);
  const discs = Array.from({ length: 24 }, () => ({
    x: Math.floor(random() * width),
    y: Math.floor(random() * height),
    radius: Math.floor((0.03 + 0.15 * random()) * Math.min(width, height)),
    colour: [random(), random(), random()].map((share) => Math.floor(share * 256)),
  }));
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const disc = discs.findLast((one) => (x - one.x) ** 2 + (y - one.y) ** 2 < one.radius ** 2);
      const sky = [(x * 200) / width, (y * 220) / height, 120];
      const noise = random() * 16 - 8;
      for (let channel = 0; channel < 3; channel++) {
        const base = (disc?.colour ?? sky)[channel] ?? 0;
        data[at + channel] = Math.max(0, Math.min(255, Math.floor(base + noise)));
      }
    }
  }
  return { data, width, height };
}

/** The drawing as a sharp image, to be encoded in whatever way a test needs. */
export function asSharp({ data, width, height }: Drawing): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}
