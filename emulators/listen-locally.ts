import { Server } from 'node:net';

/**
 * Preloaded into programs that listen on all interfaces of their container (`node --import`). Here these would be the
 * machine's, and what may be called by a front alone stays on 127.0.0.1.
 */
const listen = Server.prototype.listen;
Server.prototype.listen = function (this: Server, ...given: unknown[]): Server {
  const [port, ...more] = given;
  const isPortAlone = (typeof port === 'number' || typeof port === 'string') && typeof more[0] !== 'string';
  return Reflect.apply(listen, this, isPortAlone ? [Number(port), '127.0.0.1', ...more] : given);
};
