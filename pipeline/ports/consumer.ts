import type { Target } from '@spillway/core/job.ts';
import type { Awaitable } from '@spillway/core/steps.ts';
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

/** What a message brings to a worker. */
export interface Delivery {
  /** The message's data as text. */
  readonly data: string;
  /** The `traceparent` that came with it; null for none. */
  readonly trace: string | null;
}

/** A message that the queue has given to this process until its ack deadline. */
export interface PulledMessage extends Delivery {
  /** Names the message for `extend` and `settle`. A message that comes again has another one. */
  readonly ackId: string;
}

/** A pull resolves within this time, in milliseconds, so that a worker that leaves can wait for its pulls. */
export const pullEndsWithinMs = 4_000;

/**
 * Takes messages: on a VM those of `jobs-vm`, which it pulls; on Cloud Run those of `jobs-run`, which are pushed to it.
 * Where pictures are sent to Cloud Run, `jobs-run` is pulled as well.
 * All methods throw `OutageError` when the service does not answer, and `RefusedError` when it never will.
 */
export interface Consumer {
  /**
   * Waits for a message, and resolves to it, or to null where none has come within `pullEndsWithinMs`. Several pulls may
   * wait at the same time. A pull cannot be cancelled: the service may have chosen it for a message already, which
   * nobody would then have until its ack deadline.
   */
  pull(target: Target): Awaitable<PulledMessage | null>;
  /** Uses a new connection from the next pull on. The old one stays for the pulls that wait on it. */
  reconnect(): Awaitable<void>;
  /** Moves the ack deadline of messages that are held to `ms` milliseconds from now. */
  extend(ackIds: readonly string[], ms: number): Awaitable<void>;
  /** Lets the queue forget a message (`ack`), or bring it again at once. */
  settle(ackId: string, ack: boolean): Awaitable<void>;
  /** A pushed message, from the body of its request. The data of a body that is no push is the body as it is. */
  readPush(body: string): Delivery;
  /** What the request by which the store reports an object says. */
  readStorageEvent(request: IncomingRequest): StorageEvent;
}
