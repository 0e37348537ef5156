import type { FinalizedObject } from '@spillway/core/uploads.ts';

/** A request as it came, whatever it is. */
export interface IncomingRequest {
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As its content type says: a value of JSON, text, or null. */
  body: unknown;
}

/** What a request tells of an object. */
export type StorageEvent =
  | { kind: 'finalized'; object: FinalizedObject; eventId: string }
  /** Something else has happened to an object. */
  | { kind: 'other'; type: string; eventId: string }
  | { kind: 'unreadable'; problem: string; eventId: string };

/** A message that the queue has given to this process until its ack deadline. */
export interface PulledMessage {
  /** Names the message for `extend` and `settle`. A message that comes again has another one. */
  readonly ackId: string;
  /** The message's data as text. */
  readonly data: string;
}

/**
 * Takes messages: on a VM those of `jobs-vm`, which it pulls; on Cloud Run those of `jobs-run`, which are pushed to it.
 * All methods throw `OutageError` when the service does not answer, and `RefusedError` when it never will.
 */
export interface Consumer {
  /**
   * Waits for messages, and resolves to at least one and at most `most` of them. Resolves to none where none came for a
   * while, and once `signal` is aborted.
   */
  pull(most: number, signal: AbortSignal): Promise<PulledMessage[]>;
  /** Moves the ack deadline of messages that are held to `ms` milliseconds from now. */
  extend(ackIds: readonly string[], ms: number): Promise<void>;
  /** Lets the queue forget a message (`ack`), or bring it again at once. */
  settle(ackId: string, ack: boolean): Promise<void>;
  /** The data of a pushed message, from the body of its request. A body that is no push is given back as it is. */
  readPush(body: string): string;
  /** What the request by which the store reports an object says. */
  readStorageEvent(request: IncomingRequest): StorageEvent;
}
