import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

/**
 * Preloaded into each instance of the Cloud Run stand-in (`node --import`). In a container of Cloud Run the host is
 * called `localhost`, always. A container of one's own would need rights that a developer's machine may not give, so
 * this changes what Node says, in this process alone: programs that the instance starts see the machine's name.
 */
os.hostname = () => 'localhost';
syncBuiltinESMExports();
