import sharp from 'sharp';

/** A drawn picture as a JPEG: a coloured disc on a gradient, different for each seed. */
export function drawnJpeg(seed: number, width = 320, height = 240): Promise<Buffer> {
  const hue = (seed * 47) % 360;
  const radius = Math.min(width, height) / (3 + (seed % 3));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs><linearGradient id="sky"><stop stop-color="hsl(${hue},60%,80%)"/>
    <stop offset="1" stop-color="hsl(${hue + 90},40%,40%)"/></linearGradient></defs>
    <rect width="100%" height="100%" fill="url(#sky)"/>
    <circle cx="${width / 2}" cy="${height / 2}" r="${radius}" fill="hsl(${hue + 180},70%,50%)"/></svg>`;
  return sharp(Buffer.from(svg)).jpeg({ quality: 90 }).toBuffer();
}
