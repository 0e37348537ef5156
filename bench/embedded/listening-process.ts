import { openDatabase } from '@spillway/pipeline/embedded/database.ts';

/** A process of its own that tells its parent when it hears of a change, by the clock that all processes share. */
const database = await openDatabase(process.argv[2] ?? '');
process.on('disconnect', () => process.exit(0));
database.changes.listen(() => process.send?.({ heardAt: String(process.hrtime.bigint()) }));
// The listening alone keeps no process awake.
setInterval(() => {}, 60_000);
process.send?.({ ready: true });
