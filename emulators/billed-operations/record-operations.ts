import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync, mkdirSync } from 'node:fs';
import { IncomingMessage, Server } from 'node:http';
import Module from 'node:module';
import { join } from 'node:path';

/**
 * Preloaded (`node --import`) into the programs of a stack that is tested: notes down each operation that Google bills, as
 * it goes over the wire. Calls of Firestore and Pub/Sub are seen where Google's clients hand them to gRPC; those of Cloud
 * Storage where the local server takes them. The program knows nothing of it: the folder for the notes, one file a
 * process, is in this module's own address.
 */

/** A line of such a file. */
export type BilledOperation = { by: Sender /** Milliseconds since 1970. */; at: number } & (
  | { kind: 'write'; document: string }
  | { kind: 'read'; document: string }
  /** `reads`: documents that came; a query without any is billed as one. */
  | { kind: 'query'; documents: string[]; reads: number }
  /** `reads`: one for each thousand index entries that were added up. */
  | { kind: 'sum'; reads: number }
  | { kind: 'listen'; document: string }
  | { kind: 'publish'; topic: string; bytes: number }
  | { kind: 'deliver'; subscription: string; bytes: number }
  | { kind: 'storage'; method: string; url: string }
);

export interface Sender {
  /** The end of the program's path. */
  program: string;
  /** The port of the HTTP request that the program answers with it; null outside of one. */
  port: number | null;
}

/** The same without its sender and its time. */
type Billed = BilledOperation extends infer Each
  ? Each extends unknown
    ? Omit<Each, 'by' | 'at'>
    : never
  : never;

interface Message {
  data?: Uint8Array | string | null;
  attributes?: Record<string, string> | null;
  messageId?: string;
}

/** Of the protocol buffers, what is counted. */
interface Request {
  writes?: { update?: { name: string } | null; delete?: string }[];
  documents?: string[];
  topic?: string;
  messages?: Message[];
  subscription?: string;
}
interface Response {
  document?: { name: string } | null;
  documentChange?: { document: { name: string } } | null;
  result?: { aggregateFields?: Record<string, { integerValue?: string | number }> } | null;
  receivedMessages?: { message: Message }[];
}

/** The calls that are billed, by the end of their names: what is known when each is made, as it answers, and at its end. */
const calls: Record<string, (request: Request) => { answered?(response: Response): void; ended?(): void }> = {
  'Firestore/Commit'({ writes = [] }) {
    for (const { update, delete: removed } of writes) {
      note({ kind: 'write', document: pathOf(update?.name ?? removed ?? '') });
    }
    return {};
  },
  'Firestore/BatchGetDocuments'({ documents = [] }) {
    for (const document of documents) note({ kind: 'read', document: pathOf(document) });
    return {};
  },
  'Firestore/RunQuery'() {
    const documents: string[] = [];
    return {
      answered({ document }) {
        if (document) documents.push(pathOf(document.name));
      },
      ended: () => note({ kind: 'query', documents, reads: Math.max(1, documents.length) }),
    };
  },
  'Firestore/RunAggregationQuery': () => ({
    answered({ result }) {
      const counted = Object.values(result?.aggregateFields ?? {}).map(({ integerValue }) =>
        Number(integerValue ?? 0),
      );
      // A sum is of no more than the count beside it, so this never counts too little.
      note({ kind: 'sum', reads: Math.max(1, Math.ceil(Math.min(...counted, mostCounted) / 1_000)) });
    },
  }),
  'Firestore/Listen': () => ({
    answered({ documentChange }) {
      if (documentChange) note({ kind: 'listen', document: pathOf(documentChange.document.name) });
    },
  }),
  'Publisher/Publish'({ topic = '', messages = [] }) {
    for (const message of messages) note({ kind: 'publish', topic: lastOf(topic), bytes: sizeOf(message) });
    return {};
  },
  'Subscriber/Pull': ({ subscription = '' }) => ({
    answered({ receivedMessages = [] }) {
      for (const { message } of receivedMessages) {
        note({ kind: 'deliver', subscription: lastOf(subscription), bytes: sizeOf(message) });
      }
    },
  }),
};
const mostCounted = 1_000_000;

const answering = new AsyncLocalStorage<number>();
const program = (process.argv[1] ?? '').split('/').slice(-2).join('/');
let file: string | null = null;
const folder = new URL(import.meta.url).searchParams.get('into');
if (folder !== null) {
  mkdirSync(folder, { recursive: true });
  file = join(folder, `${process.pid}.jsonl`);
  watchCalls();
  watchRequests();
}

function note(operation: Billed): void {
  const by: Sender = { program, port: answering.getStore() ?? null };
  if (file !== null) appendFileSync(file, `${JSON.stringify({ by, at: Date.now(), ...operation })}\n`);
}

/** A path of Firestore below the database. */
function pathOf(name: string): string {
  return name.replace(/^.*\/documents\//, '');
}

function lastOf(name: string): string {
  return name.split('/').at(-1) ?? '';
}

/** As Pub/Sub bills it. @see https://cloud.google.com/pubsub/pricing#message-delivery-basic */
function sizeOf({ data, attributes, messageId }: Message): number {
  const texts = Object.entries(attributes ?? {}).flat();
  const timestamp = 20;
  const id = messageId?.length ?? timestamp;
  return [...texts].reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    (data?.length ?? 0) + id + timestamp,
  );
}

type Serialize = (message: unknown) => Buffer;
type Deserialize = (bytes: Buffer) => unknown;
type MakeCall = (
  this: unknown,
  path: string,
  serialize: Serialize,
  deserialize: Deserialize,
  ...rest: unknown[]
) => { once(event: 'status', listener: () => void): unknown };

/** gRPC's client is loaded by few programs, and late: waiting for it costs the others nothing. */
function watchCalls(): void {
  const loader = Module as unknown as { _load(this: unknown, name: string, ...rest: unknown[]): unknown };
  const load = loader._load;
  const patched = new WeakSet<object>();
  loader._load = function loadAndPatch(name, ...rest) {
    const loaded = load.call(this, name, ...rest);
    if (name !== './client') return loaded;
    const { Client } = loaded as { Client?: { prototype: Record<string, unknown> } };
    if (typeof Client?.prototype.makeUnaryRequest === 'function' && !patched.has(Client)) {
      patched.add(Client);
      for (const method of ['makeUnaryRequest', 'makeServerStreamRequest', 'makeBidiStreamRequest']) {
        Client.prototype[method] = watched(Client.prototype[method] as MakeCall);
      }
    }
    return loaded;
  };
}

function watched(makeCall: MakeCall): MakeCall {
  return function watchedCall(path, serialize, deserialize, ...rest) {
    const begin = calls[path.split(/[./]/).slice(-2).join('/')];
    if (!begin) return makeCall.call(this, path, serialize, deserialize, ...rest);
    const { answered, ended } = begin((rest[0] ?? {}) as Request);
    const read: Deserialize = (bytes) => {
      const response = deserialize(bytes);
      answered?.(response as Response);
      return response;
    };
    const call = makeCall.call(this, path, serialize, read, ...rest);
    if (ended) call.once('status', ended);
    return call;
  };
}

/** Requests to the local storage server, and the request that a function answers. */
function watchRequests(): void {
  const isStorage = program === 'storage-server/serve.ts';
  const emit = Server.prototype.emit as (this: Server, ...all: unknown[]) => boolean;
  Server.prototype.emit = function emitWatched(this: Server, ...all: unknown[]) {
    const [event, request] = all;
    if (event !== 'request' || !(request instanceof IncomingMessage)) return emit.apply(this, all);
    const { method = '', url = '', socket } = request;
    return answering.run(socket.localPort ?? 0, () => {
      if (isStorage) note({ kind: 'storage', method, url });
      return emit.apply(this, all);
    });
  };
}
