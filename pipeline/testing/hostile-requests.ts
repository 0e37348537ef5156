/** One address of a server; `path` may have a query. */
export interface ServerRoute {
  method: string;
  path: string;
}

export interface HostileTarget {
  port: number;
  routes: ServerRoute[];
  /** What is answered with 200, or the status that is named, for as long as the server is well. */
  probe: ServerRoute & { answer?: number };
  /** More bytes than any body of JSON may have. */
  tooLarge: number;
}

export interface HostileRequest {
  name: string;
  route: ServerRoute;
  bytes: Buffer;
  /** What the sender does then: it waits for an answer, closes its side, breaks off, or says nothing more. */
  ending: 'waits' | 'ends' | 'breaks off' | 'stalls';
}

const version = 'HTTP/1.1';

/** The text of a request, byte for byte; a header that is given replaces none of the others. */
export function requestText({ method, path }: ServerRoute, port: number, ...headers: string[]): string {
  return `${[`${method} ${path} ${version}`, `Host: 127.0.0.1:${port}`, ...headers].join('\r\n')}\r\n\r\n`;
}

/** What can be wrong with a request that reaches a route: its body, the rest of its path, a client that goes. */
export function hostileToRoute(route: ServerRoute, { port, tooLarge }: HostileTarget): HostileRequest[] {
  const large = Buffer.alloc(tooLarge, 32);
  const [address = '', query] = route.path.split('?');
  const post = (...headers: string[]) =>
    requestText(route, port, 'Content-Type: application/json', ...headers);
  const sized = (body: string | Buffer) => joined(post(`Content-Length: ${Buffer.byteLength(body)}`), body);
  const chunked = (...rest: (string | Buffer)[]) => joined(post('Transfer-Encoding: chunked'), ...rest);
  const below = (suffix: string) =>
    requestText({ ...route, path: `${address}${suffix}${query ? `?${query}` : ''}` }, port);
  const waits = {
    'a body that is too large': sized(large),
    'a body that is too large, in chunks': chunked(`${tooLarge.toString(16)}\r\n`, large, '\r\n0\r\n\r\n'),
    'a body that is no UTF-8': sized(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])),
    'JSON that breaks off': sized('{"name":"a"'),
    'JSON of another type': sized('[null,[1],"x"]'),
    'JSON that is null': sized('null'),
    'JSON that is deep': sized('['.repeat(100_000)),
    'JSON whose objects have no text': sized(JSON.stringify(objectsForTexts)),
    'JSON whose lists hold null': sized(JSON.stringify(nullsForObjects)),
    'JSON of keys that objects have': sized('{"__proto__":{"name":"a"},"constructor":1,"toString":2}'),
    'a chunk whose size is no number': chunked('zz\r\nabc\r\n'),
    'a lone percent sign': below('/%'),
    'an encoded byte that is no UTF-8': below('/%ff%fe'),
    'an encoded surrogate': below('/%ed%a0%80'),
    'an encoded NUL': below('/%00'),
    'an encoded path upwards': below('/..%2f..%2fetc%2fpasswd'),
    'a path of 12,000 bytes': below(`/${'a'.repeat(12_000)}`),
    'a query of odd encodings': requestText({ ...route, path: `${address}?%&%ff=%&=&a=%ed%a0%80` }, port),
    'an Origin that is no text': post(`Origin: ${'\xff'.repeat(20)}`),
    'a target with scheme and host': requestText(
      { ...route, path: `http://elsewhere.example${address}` },
      port,
    ),
    'an upgrade to a web socket': post(
      ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ),
    'a body that is awaited before it is sent': post('Expect: 100-continue', 'Content-Length: 0'),
    'a content encoding of the request': post('Content-Encoding: zip', 'Content-Length: 0'),
    'HTTP/1.0': `${route.method} ${route.path} HTTP/1.0\r\n\r\n`,
    'two requests at once': post() + post(),
  };
  return [
    ...requests('waits', route, waits),
    ...requests('ends', route, { 'a body that ends early': `${post('Content-Length: 90')}{"na` }),
    ...requests('breaks off', route, {
      'a body that is cut': `${post('Content-Length: 90')}{"na`,
      'chunks that are cut': chunked('90\r\n{"na'),
      'a reader who goes': post(),
    }),
    ...requests('stalls', route, {
      'a body that says it is too large': post(`Content-Length: ${1e12}`),
      'a body that stalls': `${post('Content-Length: 90')}{"na`,
    }),
  ];
}

/** What is no request at all, or none that reaches a route. */
export function hostileToServer(route: ServerRoute, { port }: HostileTarget): HostileRequest[] {
  const { method, path } = route;
  const post = (...headers: string[]) => requestText(route, port, ...headers);
  const target = (other: string, by = method) => requestText({ method: by, path: other }, port);
  const chunked = (text: string) => `${post('Transfer-Encoding: chunked')}${text}`;
  const many = (count: number, header: (at: number) => string) =>
    post(...Array.from({ length: count }, (_, at) => header(at)));
  const waits = {
    'a chunk that is longer than it says': chunked('2\r\nabcdef\r\n0\r\n\r\n'),
    'a chunk with a long extension': chunked(`2;${'x'.repeat(40_000)}\r\nab\r\n0\r\n\r\n`),
    'two lengths': post('Content-Length: 3', 'Content-Length: 4'),
    'a length beside chunks': post('Content-Length: 3', 'Transfer-Encoding: chunked'),
    'a length that is negative': post('Content-Length: -1'),
    'a length that is no number': post('Content-Length: many'),
    'an unknown transfer encoding': post('Transfer-Encoding: zip'),
    'an expectation nobody meets': post('Expect: a-miracle', 'Content-Length: 2'),
    'a path of 60,000 bytes': target(`/${'a'.repeat(60_000)}`),
    'headers of 100,000 bytes': many(100, (at) => `X-${at}: ${'x'.repeat(1_000)}`),
    'three thousand headers': many(3_000, (at) => `a${at}: b`),
    'a header without a name': post(': x'),
    'a header with a NUL': post('X-A: \0'),
    'a target that is a star': target('*', 'OPTIONS'),
    'a target without a slash': target('elsewhere'),
    CONNECT: target('elsewhere.example:443', 'CONNECT'),
    TRACE: target(path, 'TRACE'),
    'a method nobody knows': target(path, 'BREW'),
    'HTTP/0.9': `${method} ${path}\r\n\r\n`,
    'HTTP/2': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\0'.repeat(30)}`,
    'no host': `${method} ${path} ${version}\r\n\r\n`,
    'two hosts': post('Host: elsewhere.example'),
    'what is no HTTP': Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 0, 255, 254, 10, 13, 10, 13, 10]),
  };
  return [
    ...requests('waits', route, waits),
    ...requests('ends', route, { 'garbage after a request': `${post()}\x16\x03\x01garbage\r\n\r\n` }),
    ...requests('stalls', route, { 'headers that stall': `${method} ${path} ${version}\r\nHost: 127` }),
  ];
}

const noText = { toString: 1, valueOf: 2 };
const objectsForTexts = {
  ...{ name: noText, contentType: noText, metadata: { a: noText }, labels: noText, cors: noText },
  ...{ destination: noText, sourceObjects: noText, topic: noText, custom_attributes: noText },
  ...{ message: noText, bucket: noText, generation: noText, versioning: noText },
};
const nullsForObjects = {
  ...{ cors: [null], sourceObjects: [null], destination: 'x', metadata: [null], labels: [null] },
  ...{ event_types: [null], message: null, versioning: [null], lifecycle: [null] },
};

function requests(
  ending: HostileRequest['ending'],
  route: ServerRoute,
  named: Record<string, string | Buffer>,
): HostileRequest[] {
  return Object.entries(named).map(([name, bytes]) => ({ name, route, bytes: joined(bytes), ending }));
}

function joined(...parts: (string | Buffer)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}
