import type { StackFile } from '@spillway/pipeline/stack-file.ts';
import type { StackDocuments } from './stack-documents.ts';
import type { StackMessages } from './stack-messages.ts';

/** Nothing is loaded or opened before the first use. */
export function openDocuments(stack: StackFile): StackDocuments {
  const documents = whenUsed(async () => {
    if (stack.engine !== 'google') throw new Error(`Nothing looks into the engine ${stack.engine} yet.`);
    const { openFirestoreDocuments } = await import('./firestore-documents.ts');
    return openFirestoreDocuments(stack);
  });
  return {
    read: async (path) => (await documents.open()).read(path),
    write: async (path, fields) => (await documents.open()).write(path, fields),
    merge: async (path, fields) => (await documents.open()).merge(path, fields),
    list: async (collection, range) => (await documents.open()).list(collection, range),
    close: documents.close,
  };
}

/** Nothing is loaded or opened before the first use. */
export function openMessages(stack: StackFile): StackMessages {
  const messages = whenUsed(async () => {
    if (stack.engine !== 'google') throw new Error(`Nothing looks into the engine ${stack.engine} yet.`);
    const { openPubSubMessages } = await import('./pubsub-messages.ts');
    return openPubSubMessages(stack);
  });
  return {
    publish: async (...message) => (await messages.open()).publish(...message),
    close: messages.close,
  };
}

function whenUsed<Client extends { close(): Promise<void> }>(open: () => Promise<Client>) {
  let opened: Promise<Client> | undefined;
  return {
    open(): Promise<Client> {
      opened ??= open();
      return opened;
    },
    async close(): Promise<void> {
      await (await opened)?.close();
    },
  };
}
