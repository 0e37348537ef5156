import { serveChild } from './child-server.ts';
import { imageOperations } from './operations.ts';

serveChild(imageOperations);
