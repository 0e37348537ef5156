/**
 * Frees the memory of a large array at once. The array must not be used afterwards. Without this, the megabytes of
 * every picture make V8 collect the whole heap once a job, which takes as long as decoding. An array that shares its
 * memory with others (such as small ones in Node's pool) is not freed.
 */
export function freeMemory({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
