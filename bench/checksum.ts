import { CRC32C } from '@google-cloud/storage';
import { openCrc32c } from '../pipeline/crc32c.ts';
import { median } from './quantile.ts';

const chunk = Buffer.from(Array.from({ length: 256 * 1024 }, (_, index) => (index * 31) % 251));
const chunks = 64;
const rounds = 7;

interface ChecksumRow {
  name: 'ours' | 'client';
  /** Median of the rounds. */
  megabytesPerSecond: number;
}

/** Times the CRC-32C of 16 MB, in pieces as a file has them: `pipeline/crc32c.ts` and Google's client in turn. */
export async function checksum({ json = false }: { json?: boolean }): Promise<ChecksumRow[]> {
  const times = { ours: [] as number[], client: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const ours = await openCrc32c();
    times.ours.push(timeOf(() => ours.update(chunk)));
    const client = new CRC32C();
    times.client.push(timeOf(() => client.update(chunk)));
    if (ours.base64() !== client.toString()) throw new Error('The two checksums differ.');
  }
  const megabytes = (chunks * chunk.length) / 1e6;
  const rows = (['ours', 'client'] as const).map((name) => ({
    name,
    megabytesPerSecond: megabytes / (median(times[name]) / 1_000),
  }));
  if (json) console.log(JSON.stringify(rows));
  else print(rows);
  return rows;
}

function timeOf(update: () => void): number {
  const start = performance.now();
  for (let index = 0; index < chunks; index++) update();
  return performance.now() - start;
}

function print(rows: ChecksumRow[]): void {
  for (const { name, megabytesPerSecond } of rows) {
    console.log(`${name.padEnd(8)}${megabytesPerSecond.toFixed(0).padStart(7)} MB/s`);
  }
  const [ours, client] = rows.map(({ megabytesPerSecond }) => megabytesPerSecond);
  if (ours && client) console.log(`ratio   ${(ours / client).toFixed(1).padStart(7)}`);
}
