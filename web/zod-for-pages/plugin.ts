import { fileURLToPath } from 'node:url';
import type { AstroUserConfig } from 'astro';

type PluginOption = NonNullable<NonNullable<AstroUserConfig['vite']>['plugins']>[number];
type Plugin = Extract<PluginOption, { name: string }>;

const ofPages = fileURLToPath(new URL('zod-index.js', import.meta.url));
/** Reads JSON Schemas of plug-ins, in a file of its own that few pages load: it needs zod itself. */
const readsJsonSchemas = /manifest-of-view\.ts$/;
/** Marks the modules of that zod. They are copies, because a bundler keeps of a module what any page needs of it. */
const whole = '?whole';

/** Gives pages `zod.js` for zod. */
export function zodForPages(): Plugin {
  return {
    name: 'spillway:zod-for-pages',
    apply: 'build',
    enforce: 'pre',
    applyToEnvironment: ({ name }) => name === 'client',
    async resolveId(source, importer) {
      if (importer === undefined) return null;
      const isWhole = importer.endsWith(whole) || (source === 'zod' && readsJsonSchemas.test(importer));
      if (!isWhole) return source === 'zod' ? ofPages : null;
      const resolved = await this.resolve(source, importer.replace(whole, ''), { skipSelf: true });
      return resolved && `${resolved.id}${whole}`;
    },
  };
}
