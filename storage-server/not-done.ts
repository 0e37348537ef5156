import type { IncomingHttpHeaders } from 'node:http';
import { unsupported } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { noAcl } from './fields-not-done.ts';
import type { RouteTable } from './route-table.ts';

/** Parameters that ask for something which this server does not do; ignored, the answer would not be true. */
const parametersNotDone = new Map([
  ...['kmsKeyName', 'destinationKmsKeyName', 'encryptionKey'].map(
    (name) => [name, 'encryption keys'] as const,
  ),
  ['overrideUnlockedRetention', 'retention'],
  ['enableObjectRetention', 'retention'],
  ['restoreToken', 'hierarchical namespace'],
  ['filter', 'object contexts'],
  ['$alt', 'answers in that format'],
]);

/** With uniform access, which every bucket here has, Cloud Storage refuses these. */
const aclParameters = ['predefinedAcl', 'predefinedDefaultObjectAcl', 'destinationPredefinedAcl'];

const headersNotDone: [header: RegExp, what: string][] = [
  [/^x-goog-(copy-source-)?encryption-/, 'encryption keys'],
  [/^x-http-method-override$/, 'X-HTTP-Method-Override'],
  [/^x-goog-metadata-directive$/, 'copying through the XML API'],
  [/^x-goog-object-lock-/, 'retention'],
];

/** Here they are conditions of reading only; conditions on generations hold for both. */
const readerHeaders = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];

/** Documented routes of the JSON API that are not here, with what they are about. */
const routesNotDone: [path: string, what: string][] = [
  ['b/:bucket/acl', "'acl' of buckets"],
  ['b/:bucket/defaultObjectAcl', "'defaultObjectAcl' of buckets"],
  ['b/:bucket/iam', "'iam' of buckets"],
  ['b/:bucket/folders', 'hierarchical namespace'],
  ['b/:bucket/anywhereCaches', 'caches'],
  ['b/:bucket/operations', 'operations on buckets'],
  ['b/:bucket/lockRetentionPolicy', 'retention'],
  ['b/:bucket/relocate', 'relocation of buckets'],
  ['b/:bucket/restore', 'soft delete of buckets'],
  ['b/:bucket/o/bulkRestore', 'restoring in bulk'],
  ['b/:bucket/o/watch', 'channels'],
  ['b/:bucket/o/:object/acl', 'access control of objects'],
  ['b/:bucket/o/:object/iam', 'access control of objects'],
  ['channels', 'channels'],
  ['projects/:project/serviceAccount', "'serviceAccount' of projects"],
  ['projects/:project/hmacKeys', "'hmacKeys' of projects"],
];

/** Answers 501 on every documented route that is not here. They come after the routes that are. */
export function addRoutesNotDone(table: RouteTable): void {
  for (const [path, what] of routesNotDone) {
    const refuse = () => {
      throw unsupported(what);
    };
    for (const base of ['/storage/v1', '']) {
      table.add('*', `${base}/${path}`, refuse);
      table.add('*', `${base}/${path}/*rest`, refuse);
    }
  }
  for (const path of ['/batch', '/batch/*rest']) {
    table.add('*', path, () => {
      throw unsupported('batch requests');
    });
  }
}

/**
 * Throws a 501 that names what a request asks for and this server does not do, or the 400 with which Cloud Storage refuses
 * an ACL.
 */
export function refuseWhatIsNotDone({ method, query, req: { headers } }: Exchange): void {
  for (const [parameter, what] of parametersNotDone) {
    const value = query.get(parameter);
    if (value && !/^false$/i.test(value)) throw unsupported(`${what} (parameter ${parameter})`);
  }
  const format = query.get('alt');
  if (format !== null && format !== 'json' && format !== 'media') {
    throw unsupported(`answers in that format (parameter alt=${format})`);
  }
  if (aclParameters.some((parameter) => query.get(parameter)) || headers['x-goog-acl']) throw noAcl();
  refuseHeaders(headers);
  const condition = readerHeaders.find((name) => headers[name] !== undefined);
  if (condition && method !== 'GET' && method !== 'HEAD') {
    throw unsupported(`conditions of that kind on ${method} (header ${condition})`);
  }
}

function refuseHeaders(headers: IncomingHttpHeaders): void {
  for (const [header, what] of headersNotDone) {
    const found = Object.keys(headers).find((name) => header.test(name));
    if (found) throw unsupported(`${what} (header ${found})`);
  }
}
