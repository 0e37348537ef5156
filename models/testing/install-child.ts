import { installModel } from '../fetch.ts';
import { entryAt, neverQuantise } from './entries.ts';

/** Installs the file at an address into a folder. Prints a line of JSON for every step. `url folder [sha256]` */
const [url = '', folder = '', sha256] = process.argv.slice(2);
const print = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);

const installation = await installModel(entryAt(url, sha256 ? { sha256 } : {}), {
  folder,
  source: 'public',
  quantise: neverQuantise,
  onProgress: print,
  pauses: [],
});
print({ stage: 'installed', files: installation.files });
