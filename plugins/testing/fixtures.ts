import { fileURLToPath } from 'node:url';

/** Plug-ins for tests, one for each kind of result and one that fails, as `SPILLWAY_OPERATIONS` names them. */
export const fixtures = {
  frame: folderOf('frame'),
  measure: folderOf('measure'),
  transcript: folderOf('transcript'),
  faulty: folderOf('faulty'),
};

function folderOf(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}
