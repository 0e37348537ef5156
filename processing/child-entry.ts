import { serveChild } from './child-server.ts';
import { createImageOperations } from './operations.ts';

serveChild(createImageOperations());
