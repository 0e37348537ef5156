import sharp from 'sharp';

export interface Difference {
  /** Levels of 0..255. */
  mean: number;
  max: number;
}

/** The difference between the first channels of two pictures of equal size. */
export async function pictureDifference(first: string, second: string): Promise<Difference> {
  const [a, b] = await Promise.all([samples(first), samples(second)]);
  if (a.length !== b.length) throw new Error(`${first} and ${second} are not of one size.`);
  let sum = 0;
  let max = 0;
  for (let index = 0; index < a.length; index++) {
    const distance = Math.abs((a[index] ?? 0) - (b[index] ?? 0));
    sum += distance;
    max = Math.max(max, distance);
  }
  return { mean: sum / a.length, max };
}

async function samples(path: string): Promise<Uint8Array> {
  return await sharp(path).extractChannel(0).raw().toBuffer();
}
