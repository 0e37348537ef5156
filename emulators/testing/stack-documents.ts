/** A document as it is stored. Times are dates or texts, which schemas read both. */
export type Fields = Record<string, unknown>;

/** A collection and the id of a document: `settings/routing`. */
export type DocumentPath = `${string}/${string}`;

/** Jobs whose text in this field is within the two, which are equal for one text. */
export interface TextRange {
  field: 'source.name' | 'upload';
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
  /** Of a collection other than `jobs`. */
  list(collection: string): Promise<Fields[]>;
  jobs(range?: TextRange): Promise<Fields[]>;
  close(): Promise<void>;
}
