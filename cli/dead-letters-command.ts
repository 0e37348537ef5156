import { stateOf } from '@spillway/pipeline/embedded/backup.ts';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createMessages, type KeptMessage } from '@spillway/pipeline/embedded/messages.ts';
import { subscriptions } from '@spillway/pipeline/embedded/subscriptions.ts';
import { deliveredTooOften } from '@spillway/pipeline/topics.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { printable, printableJson } from './arguments.ts';

/** What is shown at once. */
const mostShown = 1_000;

export interface DeadLettersFlags {
  /** The file of the embedded engine. */
  database: string;
  /** Removes what was shown. */
  forget: boolean;
  json: boolean;
}

/**
 * `spillway dead-letters`: prints messages and events that nobody could handle, the oldest first, while Spillway runs or
 * not.
 * @throws StartError where there is no such file.
 */
export async function deadLettersCommand({ database: path, forget, json }: DeadLettersFlags): Promise<void> {
  if (stateOf(path).kind !== 'current') {
    throw new StartError(
      `There is no database of this version in ${path}. Name the folder of \`spillway serve\` with --data, and start it once.`,
    );
  }
  const database = await openDatabase(path);
  try {
    const messages = createMessages(database);
    const letters = await messages.peek(subscriptions.dead, mostShown);
    for (const letter of letters) console.log(json ? printableJson(asJson(letter)) : lineOf(letter));
    if (forget) await messages.remove(letters.map(({ messageId }) => messageId));
    if (json) return;
    const count = letters.length === mostShown ? `The first ${mostShown}` : String(letters.length);
    console.error(`${count} put aside${forget ? ', and forgotten now' : ''}.`);
  } finally {
    database.close();
  }
}

const problemOf = ({ attributes }: KeptMessage): string => attributes.problem ?? deliveredTooOften;

function asJson(letter: KeptMessage): object {
  const { messageId, publishedAt, data } = letter;
  return { messageId, at: publishedAt.toISOString(), problem: problemOf(letter), data };
}

function lineOf(letter: KeptMessage): string {
  return `${letter.publishedAt.toISOString()} ${printable(problemOf(letter))}`;
}
