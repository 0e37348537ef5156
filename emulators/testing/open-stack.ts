import type { StackFile } from '@spillway/pipeline/stack-file.ts';
import type { StackDocuments } from './stack-documents.ts';
import type { StackMessages } from './stack-messages.ts';

/** Nothing is loaded or opened before the first use. */
export function openDocuments(stack: StackFile): StackDocuments {
  const documents = whenUsed(() => openEngineDocuments(stack));
  return {
    read: async (path) => (await documents.open()).read(path),
    write: async (path, fields) => (await documents.open()).write(path, fields),
    merge: async (path, fields) => (await documents.open()).merge(path, fields),
    list: async (collection) => (await documents.open()).list(collection),
    jobs: async (range) => (await documents.open()).jobs(range),
    close: documents.close,
  };
}

async function openEngineDocuments(stack: StackFile): Promise<StackDocuments> {
  switch (stack.engine) {
    case 'google': {
      const { openFirestoreDocuments } = await import('./firestore-documents.ts');
      return openFirestoreDocuments(stack);
    }
    case 'embedded': {
      const { openEmbeddedDocuments } = await import('./embedded-documents.ts');
      return openEmbeddedDocuments(stack.database);
    }
    default:
      return stack satisfies never;
  }
}

/** Nothing is loaded or opened before the first use. */
export function openMessages(stack: StackFile): StackMessages {
  const messages = whenUsed(() => openEngineMessages(stack));
  return {
    publish: async (...message) => (await messages.open()).publish(...message),
    close: messages.close,
  };
}

async function openEngineMessages(stack: StackFile): Promise<StackMessages> {
  switch (stack.engine) {
    case 'google': {
      const { openPubSubMessages } = await import('./pubsub-messages.ts');
      return openPubSubMessages(stack);
    }
    case 'embedded': {
      const { openEmbeddedMessages } = await import('./embedded-messages.ts');
      return openEmbeddedMessages(stack.database);
    }
    default:
      return stack satisfies never;
  }
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
