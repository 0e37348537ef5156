import { isBuiltin } from 'node:module';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';

/** Matches `new URL('./child-entry.ts', import.meta.url)`: a program that is started by its path. */
const programByPath = /new URL\('(\.\.?\/[\w/-]+)\.ts', import\.meta\.url\)/g;

/**
 * Gives every program that is started by its path a file of its own in the bundle, all in one folder: the child that runs
 * operations, the thread that runs OpenCV, and the programs that `spillway serve` supervises.
 */
const programsByPath: Plugin = {
  name: 'programs-by-path',
  async transform(code, id) {
    for (const [, path = ''] of code.matchAll(programByPath)) {
      const program = await this.resolve(`${path}.ts`, id);
      if (!program) throw new Error(`${id} starts ${path}.ts, which does not exist.`);
      this.emitFile({ type: 'chunk', id: program.id, fileName: fileOf(path) });
    }
    return code.replaceAll(
      programByPath,
      (_, path: string) => `new URL('./${fileOf(path)}', import.meta.url)`,
    );
  },
};

/** `./child-entry` is `child-entry.js`, and `../web/server` is `web-server.js`: other folders have files of equal names. */
function fileOf(path: string): string {
  return `${path.replace(/^\.\.?\//, '').replaceAll('/', '-')}.js`;
}

/** Packages that the bundle leaves to npm: everything that is not ours and not Node's. */
const isExternal = (id: string): boolean => /^[@a-z]/.test(id) && !id.startsWith('@spillway/');

export interface Bundle {
  /** Names of the files, relative to the folder. */
  files: string[];
  /** Names of the npm packages that the files import. */
  packages: string[];
}

/**
 * Writes programs and everything of ours that they need as JavaScript into `folder`.
 * @param entries The TypeScript file of each program, by the name of its JavaScript file without `.js`.
 */
export async function writeBundle(entries: Record<string, string>, folder: string): Promise<Bundle> {
  const bundle = await rolldown({
    input: entries,
    platform: 'node',
    external: isExternal,
    plugins: [programsByPath],
    // A cycle or an import that cannot be found is a defect of the package.
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  const { output } = await bundle.write({ dir: folder, format: 'esm', chunkFileNames: '[name].js' });
  await bundle.close();
  const files = output.map(({ fileName }) => fileName);
  const imported = output.flatMap((file) => (file.type === 'chunk' ? importsOf(file) : []));
  const packages = imported.filter((id) => isExternal(id) && !isBuiltin(id) && !files.includes(id));
  return { files, packages: [...new Set(packages.map(packageName))].sort() };
}

/** Includes modules that `createRequire` loads: OpenCV and libheif are CommonJS. */
function importsOf(chunk: OutputChunk): string[] {
  const required = chunk.code.matchAll(/require(?:\.resolve)?\(["']([^"']+)["']\)/g);
  return [...chunk.imports, ...chunk.dynamicImports, ...[...required].map(([, id = '']) => id)];
}

/** `@scope/name/file` is in the package `@scope/name`, `name/file` in `name`. */
function packageName(id: string): string {
  return id
    .split('/')
    .slice(0, id.startsWith('@') ? 2 : 1)
    .join('/');
}
