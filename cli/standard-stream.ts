/** The file descriptor that a path means, such as 0 for `/dev/stdin`; null for any other path. */
export function openFileNumber(path: string): number | null {
  const streams: Record<string, number> = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 };
  const [, number] = /^(?:\/dev\/fd|\/proc\/self\/fd)\/(\d+)$/.exec(path) ?? [];
  return number === undefined ? (streams[path] ?? null) : Number(number);
}

/** A person's name for the path. */
export function streamLabel(path: string): string {
  const labels: Record<number, string> = { 0: 'standard input', 1: 'standard output', 2: 'standard error' };
  return labels[openFileNumber(path) ?? -1] ?? path;
}
