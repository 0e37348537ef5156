import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type PipeCondition, pipeDelayed } from './delayed-pipe.ts';

const host = '127.0.0.1';

export interface RelayOptions {
  port: number;
  /** Of the service that it stands before. */
  targetPort: number;
  /** Milliseconds each way. */
  delayMs: number;
}

interface Connection {
  client: Socket;
  service: Socket;
  goOn(): void;
}

/**
 * A small TCP relay before a service: the network between a program and the service. It adds a delay each way, and tests
 * can cut it, stall it and slow it down.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #condition: PipeCondition;
  #isCut = false;

  private constructor(options: RelayOptions) {
    this.#options = options;
    this.#condition = { delayMs: options.delayMs, stalled: false };
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  static async start(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    relay.#server.listen(options.port, host);
    await once(relay.#server, 'listening');
    return relay;
  }

  /** Breaks every connection, and every new one, until it is mended. */
  cut(): void {
    this.#isCut = true;
    for (const { client, service } of this.#connections) {
      client.resetAndDestroy();
      service.resetAndDestroy();
    }
  }

  /** Connections stay and are made, and nothing goes through until it is mended. */
  stall(): void {
    this.#change({ stalled: true });
  }

  /** @param delayMs Each way, from the next byte on. */
  slow(delayMs: number): void {
    this.#change({ delayMs });
  }

  /** As at the start. */
  mend(): void {
    this.#isCut = false;
    this.#change({ delayMs: this.#options.delayMs, stalled: false });
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #change(changes: Partial<PipeCondition>): void {
    this.#condition = { ...this.#condition, ...changes };
    for (const { goOn } of this.#connections) goOn();
  }

  #accept(client: Socket): void {
    if (this.#isCut) {
      client.resetAndDestroy();
      return;
    }
    const service = connect({ port: this.#options.targetPort, host, allowHalfOpen: true, noDelay: true });
    const condition = () => this.#condition;
    const there = pipeDelayed(client, service, condition);
    const back = pipeDelayed(service, client, condition);
    const connection: Connection = {
      client,
      service,
      goOn() {
        there();
        back();
      },
    };
    this.#connections.add(connection);
    const breakBoth = () => {
      client.destroy();
      service.destroy();
    };
    // A side that breaks takes the other one with it.
    for (const socket of [client, service]) {
      socket.on('error', breakBoth);
      socket.on('close', (hadError) => {
        if (hadError) breakBoth();
        if (client.destroyed && service.destroyed) this.#connections.delete(connection);
      });
    }
  }
}
