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
