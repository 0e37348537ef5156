/**
 * Gives the memory of a large array back at once; nobody may use it afterwards. Left to the garbage collector, the
 * megabytes of every picture make V8 collect the whole heap once a job, which takes as long as decoding.
 * An array that shares its memory with others, as the small ones of Node's pool do, is left alone.
 */
export function freeMemory({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
