import { serveAsVmWorker } from './vm-worker.ts';

await serveAsVmWorker(process.env);
