import { connect, type Socket } from 'node:net';
import {
  type HostileRequest,
  type HostileTarget,
  hostileToRoute,
  hostileToServer,
  requestText,
} from './hostile-requests.ts';

const atOnce = 4;

/**
 * Sends every hostile request to every route, several routes at a time, and resolves to a sentence for each that the server did not take well:
 * an answer of 500, an answer that promises a connection which then closes, or a probe that fails afterwards.
 */
export async function findUnanswered(target: HostileTarget): Promise<string[]> {
  const faults: string[] = [];
  const stalled: Socket[] = [];
  const [first] = target.routes;
  const waiting = [
    ...(first ? [hostileToServer(first, target)] : []),
    ...target.routes.map((route) => hostileToRoute(route, target)),
  ];
  const work = async () => {
    for (let requests = waiting.shift(); requests; requests = waiting.shift()) {
      for (const request of requests) {
        const fault = await tryOne(request, target, stalled).catch((error: unknown) => String(error));
        if (fault) faults.push(`${nameOf(request)}: ${fault}`);
      }
      const last = requests.at(-1);
      if (!last || (await isWell(target))) continue;
      faults.push(`The server has gone before ${nameOf(last)} was tried, or by it.`);
      waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  for (const socket of stalled) socket.destroy();
  return (await isWell(target)) ? faults : [...faults, 'The server has gone in the end.'];
}

const nameOf = ({ name, route }: HostileRequest): string => `${route.method} ${route.path}, ${name}`;

async function tryOne(
  { route, bytes, ending }: HostileRequest,
  target: HostileTarget,
  stalled: Socket[],
): Promise<string | null> {
  const socket = await open(target.port);
  const answers = new Answers(socket, route.method === 'HEAD');
  socket.write(bytes);
  switch (ending) {
    case 'stalls':
      stalled.push(socket);
      return null;
    case 'breaks off':
      await new Promise((resolve) => setImmediate(resolve));
      socket.destroy();
      return null;
    case 'ends':
      socket.end();
      await answers.closed;
      return null;
    case 'waits': {
      const answer = await answers.next();
      const fault = answer && (await faultOf(answer, socket, answers, target));
      socket.destroy();
      return fault;
    }
    default:
      return ending satisfies never;
  }
}

async function faultOf(
  answer: Answer,
  socket: Socket,
  answers: Answers,
  target: HostileTarget,
): Promise<string | null> {
  if (answer.status >= 500 && answer.status !== 501 && answer.status !== 505)
    return `answered ${answer.status}`;
  if (answer.closes) return null;
  socket.write(probeOf(target));
  for (;;) {
    const next = await answers.next();
    if (!next) return `answered ${answer.status}, promised to go on, and closed`;
    if (next.status === wellAnswer(target) || next.closes) return null;
  }
}

async function isWell(target: HostileTarget): Promise<boolean> {
  const socket = await open(target.port).catch(() => null);
  if (!socket) return false;
  socket.write(probeOf(target));
  const answer = await new Answers(socket).next();
  socket.destroy();
  return answer?.status === wellAnswer(target);
}

const wellAnswer = ({ probe }: HostileTarget): number => probe.answer ?? 200;

const probeOf = ({ probe, port }: HostileTarget): string => requestText(probe, port);

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
  });
}

interface Answer {
  status: number;
  closes: boolean;
}

/** The answers that come on a connection, one after the other; null once it is closed. */
class Answers {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #headsOnly: boolean;
  #held = '';
  #isClosed = false;
  #wake = () => {};

  /** `headsOnly`: what comes are answers to HEAD, which have no bodies; after the first no more is read. */
  constructor(socket: Socket, headsOnly = false) {
    this.#socket = socket;
    this.#headsOnly = headsOnly;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true;
        this.#wake();
        resolve();
      });
    });
    // A server that has closed its side reads no more.
    socket.on('end', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      this.#held += chunk.toString('latin1');
      this.#wake();
    });
  }

  async next(): Promise<Answer | null> {
    for (;;) {
      const found = this.#take();
      if (found && found.status >= 200) return found;
      if (found) continue;
      if (this.#isClosed || this.#socket.destroyed) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(): Answer | null {
    const [head, line, status] = /^(HTTP\/1\.[01] (\d{3})[\s\S]*?\r\n\r\n)/.exec(this.#held) ?? [];
    if (!head || !line || !status) return null;
    if (this.#headsOnly) {
      this.#held = this.#held.slice(head.length);
      return { status: Number(status), closes: true };
    }
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const isChunked = /\r\ntransfer-encoding: *chunked/i.test(head);
    const end = isChunked
      ? this.#held.indexOf('0\r\n\r\n', head.length) + 5
      : head.length + Number(length ?? 0);
    if (this.#held.length < end || (isChunked && end < head.length)) return null;
    this.#held = this.#held.slice(end);
    return {
      status: Number(status),
      closes: /\r\nconnection: *close/i.test(head) || head.startsWith('HTTP/1.0'),
    };
  }
}
