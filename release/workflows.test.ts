import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const folder = new URL('../.github/workflows/', import.meta.url);

test.each(await readdir(folder))(
  '%s uses actions by their commits, and says which versions those are',
  async (name) => {
    const text = await readFile(new URL(name, folder), 'utf8');
    const used = [...text.matchAll(/uses: *(.*)/g)].map(([, action = '']) => action);
    expect(used.filter((action) => !/^[\w/.-]+@[0-9a-f]{40} # v\d+(\.\d+)*$/.test(action))).toEqual([]);
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
  },
);
