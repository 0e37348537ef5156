import { runServiceContract } from '../testing/run-service-contract.ts';
import { createMemoryRunService } from './run-service.ts';

runServiceContract('memory', async () => createMemoryRunService(3));
