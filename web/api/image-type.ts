/** Bytes of a file's start that suffice to tell its type. */
export const signatureBytes = 32;

const heifBrands: Record<string, string> = {
  avif: 'image/avif',
  avis: 'image/avif',
  heic: 'image/heic',
  heix: 'image/heic',
  heim: 'image/heic',
  heis: 'image/heic',
  mif1: 'image/heif',
  msf1: 'image/heif',
};

/** The picture's media type by its first bytes, or null: what it was called when it was uploaded proves nothing. */
export function imageType(start: Uint8Array): string | null {
  const text = Buffer.from(start.subarray(0, signatureBytes)).toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'image/gif';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp';
  if (text.slice(4, 8) === 'ftyp') return heifBrands[text.slice(8, 12)] ?? null;
  return null;
}
