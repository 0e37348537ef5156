// Slicing by four: four table look-ups take in four bytes, which keeps large uploads from being bound by this loop.
const REVERSED_POLYNOMIAL = 0x82f63b78;
const TABLES = makeTables();

function makeTables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const tables = [0, 1, 2, 3].map(() => new Uint32Array(256));
  const [first, second, third, fourth] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REVERSED_POLYNOMIAL : crc >>> 1;
    first[byte] = crc;
  }
  const advance = (crc: number) => ((first[crc & 255] ?? 0) ^ (crc >>> 8)) >>> 0;
  for (let byte = 0; byte < 256; byte++) {
    second[byte] = advance(first[byte] ?? 0);
    third[byte] = advance(second[byte] ?? 0);
    fourth[byte] = advance(third[byte] ?? 0);
  }
  return [first, second, third, fourth];
}

/** Continues a CRC-32C (start with 0) over `data`. */
export function crc32c(data: Uint8Array, previous = 0): number {
  const [t0, t1, t2, t3] = TABLES;
  let crc = ~previous >>> 0;
  let at = 0;
  const wholeWords = data.length - (data.length % 4);
  while (at < wholeWords) {
    crc ^=
      (data[at] as number) |
      ((data[at + 1] as number) << 8) |
      ((data[at + 2] as number) << 16) |
      ((data[at + 3] as number) << 24);
    crc =
      (t3[crc & 255] as number) ^
      (t2[(crc >>> 8) & 255] as number) ^
      (t1[(crc >>> 16) & 255] as number) ^
      (t0[crc >>> 24] as number);
    at += 4;
  }
  for (; at < data.length; at++) crc = (t0[(crc ^ (data[at] as number)) & 255] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The form Cloud Storage shows a CRC-32C in: base64 of its four bytes, big-endian. */
export function crc32cBase64(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}
