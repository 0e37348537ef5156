import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { hostname } from 'node:os';

/**
 * An instance for the tests of the Cloud Run stand-in: answers what its address asks for. `FAKE_STUBBORN` makes it
 * ignore SIGTERM.
 */
let ticks = 0;
setInterval(() => ticks++, 10);
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  switch (url.pathname) {
    case '/host':
      return response.end(hostname());
    case '/environment':
      return response.end(JSON.stringify(process.env));
    case '/ticks':
      return response.end(String(ticks));
    case '/child': {
      const child = fork(new URL(import.meta.url), { env: { ...process.env, PORT: '0' }, execArgv: [] });
      return response.end(String(child.pid));
    }
    case '/fail':
      response.statusCode = 500;
      return response.end();
    default:
      return response.end(String(process.pid));
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => {
  if (process.env.FAKE_STUBBORN === undefined) process.exit(0);
});
