import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addOperations, isOperationName, operationNames, pluginModules } from '@spillway/core/operations.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addPlugins, loadPlugins } from './load.ts';
import { fixtures } from './testing/fixtures.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-plugin-'));
});
afterEach(async () => {
  removeAll();
  await rm(folder, { recursive: true });
});

const builtIn = [...operationNames];

/** Each test begins with the built-in operations alone. */
function removeAll(): void {
  for (const name of operationNames.filter((each) => !builtIn.includes(each))) {
    const manifest = { name } as Parameters<typeof addOperations>[0][number]['manifest'];
    // What it adds takes the place of the plug-in, and goes with it.
    const remove = addOperations([{ manifest, module: null }]);
    remove();
    remove();
  }
}

const manifest = {
  name: 'blur',
  words: { label: 'Blur', description: 'Softens.', activity: 'Blurring', result: 'Soft picture' },
  icon: 'M4 4h12v12H4z',
  accepts: ['jpeg'],
  produces: { kind: 'picture', formats: ['jpeg'] },
  model: null,
  objectiveMs: { interactive: 1_000 },
  priorServiceMs: { fixed: 10, perMegapixel: 10 },
};

/** Writes a plug-in that imports what Spillway provides, in a folder without packages of its own. */
async function writePlugin(
  name: string,
  changes: object = {},
  implementation = "new URL('implementation.js', import.meta.url)",
): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  await writeFile(join(path, 'package.json'), JSON.stringify({ type: 'module', exports: './operation.js' }));
  const fields = JSON.stringify({ ...manifest, ...changes });
  await writeFile(
    join(path, 'operation.js'),
    `import { defineOperation } from 'spillway/operation';
import { z } from 'zod';
export default defineOperation({ ...${fields}, options: z.strictObject({}), implementation: ${implementation} });
`,
  );
  await writeFile(join(path, 'implementation.js'), 'export default {};');
  return path;
}

describe('plug-ins', () => {
  it('are added from folders, once each', async () => {
    const path = await writePlugin('blur');
    await loadPlugins(` ${fixtures.frame}, blur ,${path}`, folder);
    expect(operationNames).toEqual([...builtIn, 'frame', 'blur']);
    await loadPlugins(path, folder);
    expect(pluginModules()).toHaveLength(2);
  });

  it('are found as installed packages', async () => {
    await cp(await writePlugin('blur'), join(folder, 'node_modules', '@acme', 'blur'), { recursive: true });
    await loadPlugins('@acme/blur', folder);
    expect(isOperationName('blur')).toBe(true);
  });

  it('are not there where nothing is named', async () => {
    await loadPlugins(' , ', folder);
    expect(operationNames).toEqual(builtIn);
  });

  it.each<[string, object, string]>([
    ['a label that is missing', { words: { ...manifest.words, label: '' } }, 'words.label'],
    ['a field that is not known', { label: 'Blur' }, 'Unrecognized key: "label"'],
    [
      'the name of a built-in operation',
      { name: 'sketch' },
      'Spillway has an operation named "sketch" itself',
    ],
    ['a name that is no folder', { name: 'Blur It' }, 'lower-case letters'],
  ])('with %s stop the program with the file and what to do', async (_, changes, problem) => {
    const path = await writePlugin('blur', changes);
    const loading = loadPlugins(`${fixtures.measure},${path}`, folder);
    await expect(loading).rejects.toThrow(problem);
    await expect(loading).rejects.toThrow(join(path, 'operation.js'));
    await expect(loading).rejects.toThrow('take it out of SPILLWAY_OPERATIONS');
    expect(operationNames).toEqual(builtIn);
  });

  it('of one name stop the program', async () => {
    const both = `${await writePlugin('blur')},${await writePlugin('other')}`;
    await expect(loadPlugins(both, folder)).rejects.toThrow('two operations named "blur"');
  });

  it('of which there are too many stop the program', async () => {
    const paths = [];
    for (let index = 0; index < 14; index++) {
      paths.push(await writePlugin(`blur-${index}`, { name: `blur-${index}` }));
    }
    await expect(loadPlugins(paths.join(','), folder)).rejects.toThrow('more than 16 operations');
  });

  it.each([
    ['without an implementation', 'undefined', 'without "implementation"'],
    ['whose implementation is not there', "new URL('gone.js', import.meta.url)", 'gone.js'],
  ])('%s stop the program', async (_, implementation, problem) => {
    const path = await writePlugin('blur', {}, implementation);
    await expect(loadPlugins(path, folder)).rejects.toThrow(problem);
  });

  it('that are nowhere stop the program', async () => {
    await expect(loadPlugins('./gone', folder)).rejects.toThrow('neither a folder of that path nor');
    await mkdir(join(folder, 'empty'));
    await expect(loadPlugins('empty', folder)).rejects.toThrow('"exports": "./operation.js"');
  });

  it('whose code cannot be loaded stop the program', async () => {
    const path = await writePlugin('blur');
    await writeFile(join(path, 'operation.js'), "import 'no-such-package';");
    await expect(loadPlugins(path, folder)).rejects.toThrow(
      /operation\.js cannot be loaded: .*no-such-package/,
    );
    await writeFile(join(path, 'silent.js'), 'export const nothing = 1;');
    await expect(addPlugins([`file://${path}/silent.js`])).rejects.toThrow('has no default export');
  });
});
