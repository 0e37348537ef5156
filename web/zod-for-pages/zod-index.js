import * as z from './zod.js';

// What `import { z } from 'zod'` names. Bundlers see through it, and leave out what is not used.
export { z };
