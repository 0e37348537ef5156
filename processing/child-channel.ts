import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/**
 * Messages between a worker and a child: one line of JSON each, over a pipe. Node's own channel between processes throws
 * in the worker where it cannot read a message, and nobody can catch that: a child whose decoder was taken over could
 * end its worker.
 */

/** The pipe's file descriptor in the child. 0 to 2 are its standard streams. */
export const channelDescriptor = 3;

/** How a child is started so that it has the pipe. */
export const childStdio = ['inherit', 'inherit', 'inherit', 'pipe'] as const;

/** Characters of the longest message. Messages name files, and never contain them. */
const longestMessage = 1_024 * 1_024;

interface ChannelEvents {
  message: [unknown];
  /** What came is no message, and nothing more is read. */
  broken: [Error];
  /** The other process has ended, or closed its end. */
  closed: [];
}

/** One end of the pipe. */
export class ChildChannel extends EventEmitter<ChannelEvents> {
  readonly #stream: Duplex;

  /** @param stream In the worker: `child.stdio[3]`. */
  constructor(stream: Duplex) {
    super();
    this.#stream = stream;
    const text = new StringDecoder('utf8');
    let line = '';
    stream.on('data', (bytes: Buffer) => {
      const parts = text.write(bytes).split('\n');
      for (const [at, part] of parts.entries()) {
        line += part;
        if (line.length > longestMessage) return this.#break('a message that is too long');
        if (at === parts.length - 1) return;
        const message = parsed(line);
        line = '';
        if (message === undefined) return this.#break('something that is no message');
        if (!this.emit('message', message.value)) return this.#break('a message that nobody waited for');
      }
    });
    // A pipe that breaks says what its closing says.
    stream.on('error', () => {});
    stream.on('close', () => this.emit('closed'));
  }

  /** A message that cannot be sent is lost: the other process is ending, which it is noticed by. */
  send(message: unknown): void {
    this.#stream.write(`${JSON.stringify(message)}\n`);
  }

  #break(what: string): void {
    this.#stream.destroy();
    this.emit('broken', new Error(`A child sent ${what}.`));
  }
}

/** In a child: the pipe to its worker. */
export function channelToWorker(): ChildChannel {
  return new ChildChannel(new Socket({ fd: channelDescriptor, readable: true, writable: true }));
}

function parsed(line: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(line) as unknown };
  } catch {
    return undefined;
  }
}
