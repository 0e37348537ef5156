import type { StackFile } from '@spillway/pipeline/stack-file.ts';
import type { topicNames } from '@spillway/pipeline/topics.ts';

/** Publishes to the topics of a running stack what a test makes up, whatever carries the messages. */
export interface StackMessages {
  publish(
    topic: keyof typeof topicNames,
    data: string,
    attributes?: Readonly<Record<string, string>>,
  ): Promise<void>;
  close(): Promise<void>;
}

/** Nothing is loaded or opened before the first use. */
export function openMessages(stack: StackFile): StackMessages {
  let opened: Promise<StackMessages> | undefined;
  const messages = () => {
    opened ??= open(stack);
    return opened;
  };
  return {
    publish: async (...message) => (await messages()).publish(...message),
    close: async () => (await opened)?.close(),
  };
}

async function open(stack: StackFile): Promise<StackMessages> {
  const { openPubSubMessages } = await import('./pubsub-messages.ts');
  return openPubSubMessages(stack);
}
