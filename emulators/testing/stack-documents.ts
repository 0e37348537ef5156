import type { StackFile } from '@spillway/pipeline/stack-file.ts';

/** A document as it is stored. Times are dates. */
export type Fields = Record<string, unknown>;

/** A collection and the id of a document: `settings/routing`. */
export type DocumentPath = `${string}/${string}`;

/** Documents whose text in this field is within the two, which are equal for one text. `field` may name a deeper one: `source.name`. */
export interface TextRange {
  field: string;
  from: string;
  to: string;
}

/** The documents of a running stack, whatever keeps them: for tests and benchmarks, and for what no program would write. */
export interface StackDocuments {
  /** Null where there is none. */
  read(path: DocumentPath): Promise<Fields | null>;
  /** Puts the fields in place of what is there. */
  write(path: DocumentPath, fields: Fields): Promise<void>;
  /** Puts the fields over those that are there, at every depth, and leaves the others. */
  merge(path: DocumentPath, fields: Fields): Promise<void>;
  list(collection: string, range?: TextRange): Promise<Fields[]>;
  close(): Promise<void>;
}

/** Nothing is loaded or opened before the first use. */
export function openDocuments(stack: StackFile): StackDocuments {
  let opened: Promise<StackDocuments> | undefined;
  const documents = () => {
    opened ??= open(stack);
    return opened;
  };
  return {
    read: async (path) => (await documents()).read(path),
    write: async (path, fields) => (await documents()).write(path, fields),
    merge: async (path, fields) => (await documents()).merge(path, fields),
    list: async (collection, range) => (await documents()).list(collection, range),
    close: async () => (await opened)?.close(),
  };
}

async function open(stack: StackFile): Promise<StackDocuments> {
  const { openFirestoreDocuments } = await import('./firestore-documents.ts');
  return openFirestoreDocuments(stack);
}
