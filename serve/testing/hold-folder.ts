import { dataFolderAt } from '../data-folder.ts';
import { takeFolder } from '../folder-lock.ts';

/** For a test: a process that has a folder until it is killed. */
await takeFolder(dataFolderAt(process.argv[2] ?? ''));
console.log('taken');
setInterval(() => {}, 60_000);
