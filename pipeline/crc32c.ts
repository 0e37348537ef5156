import { createCRC32 } from 'hash-wasm';

/** The polynomial of CRC-32C (Castagnoli), its bits reversed: RFC 3720, appendix B.4. */
const castagnoli = 0x82f63b78;

/** The checksum of bytes that come in pieces. */
export interface Crc32c {
  update(bytes: Uint8Array): void;
  /** The form in which Cloud Storage shows it: base64 of its four bytes, big-endian. */
  base64(): string;
  /** Begins again with other bytes. */
  restart(): void;
}

/**
 * Opens a checksum to be fed piece by piece. Google’s client has one too, but it is many times slower
 * (`npm run bench -- checksum`), and the memory adapter must not load that client.
 * @example
 * const checksum = await openCrc32c();
 * for await (const chunk of stream) checksum.update(chunk);
 * checksum.base64();
 */
export async function openCrc32c(): Promise<Crc32c> {
  const hasher = await createCRC32(castagnoli);
  return {
    update: (bytes) => void hasher.update(bytes),
    base64: () => Buffer.from(hasher.digest('binary')).toString('base64'),
    restart: () => void hasher.init(),
  };
}

/** Loaded once: it keeps nothing between two calls of `crc32cOf`. */
const whole = await createCRC32(castagnoli);

/** The checksum of bytes that are all there, in the form of Cloud Storage. */
export function crc32cOf(bytes: Uint8Array): string {
  return Buffer.from(whole.init().update(bytes).digest('binary')).toString('base64');
}
