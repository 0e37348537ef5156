import { enableCompileCache } from 'node:module';
import { compiledCode } from './compiled-code.ts';

/** The program of `npm start`. Nothing else is imported before compiled code is kept, since that would not be. */
enableCompileCache(compiledCode);
await import('./launch.ts');
