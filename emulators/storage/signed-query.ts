import type { IncomingHttpHeaders } from 'node:http';
import { StorageError } from './errors.ts';

const longestSeconds = 7 * 24 * 3600;

const malformed = (message: string) => new StorageError(400, 'invalid', 'AuthenticationRequired', message);
const expired = (when: number) =>
  new StorageError(
    400,
    'invalid',
    'ExpiredToken',
    `The provided token has expired. Request signature expired at: ${new Date(when).toISOString()}`,
  );

/**
 * Checks the parameters of a signed address (V4 or V2): complete, well formed, not expired, and every signed header
 * there. The signature itself is not checked, because that needs the signer's key. Unsigned requests pass. Throws a
 * 400.
 *
 * @param now milliseconds since 1970
 */
export function checkSignedQuery(query: URLSearchParams, headers: IncomingHttpHeaders, now: number): void {
  const parameters = new Map([...query].map(([name, value]) => [name.toLowerCase(), value]));
  if (parameters.has('x-goog-signature') || parameters.has('x-goog-algorithm'))
    checkV4(parameters, headers, now);
  else if (parameters.has('googleaccessid') || parameters.has('signature')) checkV2(parameters, now);
}

function checkV4(parameters: Map<string, string>, headers: IncomingHttpHeaders, now: number): void {
  const required = (name: string) => {
    const value = parameters.get(name.toLowerCase());
    if (!value) throw malformed(`The signed address lacks ${name}.`);
    return value;
  };
  const algorithm = required('X-Goog-Algorithm');
  if (algorithm !== 'GOOG4-RSA-SHA256' && algorithm !== 'GOOG4-HMAC-SHA256') {
    throw malformed(`Unknown signing algorithm '${algorithm}'.`);
  }
  required('X-Goog-Credential');
  required('X-Goog-Signature');
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(required('X-Goog-Date')) ?? [];
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const seconds = Number(required('X-Goog-Expires'));
  if (Number.isNaN(signedAt)) throw malformed('X-Goog-Date is not a time.');
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestSeconds) {
    throw malformed(`X-Goog-Expires must be between 1 and ${longestSeconds} seconds.`);
  }
  if (now > signedAt + seconds * 1000) throw expired(signedAt + seconds * 1000);
  for (const header of required('X-Goog-SignedHeaders').split(';')) {
    if (headers[header.toLowerCase()] === undefined) {
      const message = `Header was included in signedheaders, but not in the request: ${header}`;
      throw new StorageError(400, 'invalid', 'MalformedSecurityHeader', message);
    }
  }
}

function checkV2(parameters: Map<string, string>, now: number): void {
  const expires = Number(parameters.get('expires') ?? Number.NaN);
  if (!parameters.get('googleaccessid') || !parameters.get('signature') || Number.isNaN(expires)) {
    throw malformed('The signed address lacks GoogleAccessId, Expires or Signature.');
  }
  if (now > expires * 1000) throw expired(expires * 1000);
}
