import { readFile } from 'node:fs/promises';

/**
 * Where the local stack answers: `npm start` writes it. On Google Cloud, leave out the addresses: the clients know
 * theirs, and take your credentials.
 */
export async function readStack() {
  const folder = process.env.SPILLWAY_LOCAL_DIR ?? '.local';
  return JSON.parse(await readFile(`${folder}/stack.json`, 'utf8'));
}
