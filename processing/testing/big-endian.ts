/** Bytes of the binary formats that tests write: numbers with the highest byte first. */

export const u8 = (...values: number[]): Buffer => Buffer.from(values);
export const u16 = (...values: number[]): Buffer => numbers(values, 2);
export const u32 = (...values: number[]): Buffer => numbers(values, 4);

/** Letters of one byte each. */
export function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

function numbers(values: number[], bytes: number): Buffer {
  const buffer = Buffer.alloc(values.length * bytes);
  for (const [index, value] of values.entries()) buffer.writeUIntBE(value, index * bytes, bytes);
  return buffer;
}
