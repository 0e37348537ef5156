/** `1 picture`, `3 pictures`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A share 0..1 in whole per cent. */
export function formatShare(share: number): string {
  return `${Math.round(share * 100)} %`;
}
