import { stateOf } from '@spillway/pipeline/embedded/backup.ts';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createMessages } from '@spillway/pipeline/embedded/messages.ts';
import { subscriptions } from '@spillway/pipeline/embedded/subscriptions.ts';
import { deliveredTooOften } from '@spillway/pipeline/topics.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { dataFolderAt } from './data-folder.ts';

/** A message or event that nobody could handle. */
export interface DeadLetter {
  messageId: string;
  /** When it was put aside. */
  at: Date;
  problem: string;
  data: string;
}

/**
 * Reads what a machine has put aside, the oldest first, while it runs or not.
 * @param forget Removes what is read.
 * @throws StartError where there is no database that this version can read.
 */
export async function readDeadLetters(data: string, most: number, forget: boolean): Promise<DeadLetter[]> {
  const { path, database: file } = dataFolderAt(data);
  if (stateOf(file).kind !== 'current') {
    throw new StartError(
      `There is no database of this version in ${path}. Name the folder of \`spillway serve\` with --data, and start it once.`,
    );
  }
  const database = await openDatabase(file);
  try {
    const messages = createMessages(database);
    const letters = await messages.peek(subscriptions.dead, most);
    if (forget) await messages.remove(letters.map(({ messageId }) => messageId));
    return letters.map(({ messageId, publishedAt, attributes, data: text }) => {
      return { messageId, at: publishedAt, problem: attributes.problem ?? deliveredTooOften, data: text };
    });
  } finally {
    database.close();
  }
}
