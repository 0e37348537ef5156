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
