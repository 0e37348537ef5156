import { serveAsSpill } from './spill.ts';

await serveAsSpill(process.env);
