import type { IncomingHttpHeaders } from 'node:http';
import { isSignedBy, type SignedRequest } from './canonical-request.ts';
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

/** Public keys (PEM) of accounts, by their e-mail addresses. */
export type SignerKeys = ReadonlyMap<string, string>;

/**
 * Checks the parameters of a signed address (V4 or V2): complete, well formed, not expired, and every signed header
 * there. The signature of a V4 address is checked where the signer's key is known. Unsigned requests pass. Throws a 400
 * or a 403.
 *
 * @param now milliseconds since 1970
 */
export function checkSignedQuery(request: SignedRequest, signers: SignerKeys, now: number): void {
  const { query, headers } = request;
  const parameters = new Map([...query].map(([name, value]) => [name.toLowerCase(), value]));
  if (parameters.has('x-goog-signature') || parameters.has('x-goog-algorithm')) {
    checkV4(parameters, headers, now);
    checkSignature(request, parameters, signers);
  } else if (parameters.has('googleaccessid') || parameters.has('signature')) checkV2(parameters, now);
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

function checkSignature(request: SignedRequest, parameters: Map<string, string>, signers: SignerKeys): void {
  const [account = ''] = (parameters.get('x-goog-credential') ?? '').split('/');
  const key = signers.get(account);
  if (key === undefined || isSignedBy(request, parameters, key)) return;
  const message =
    'Access denied. The request signature we calculated does not match the signature you provided. ' +
    'Check your Google secret key and signing method.';
  throw new StorageError(403, 'forbidden', 'SignatureDoesNotMatch', message);
}

function checkV2(parameters: Map<string, string>, now: number): void {
  const expires = Number(parameters.get('expires') ?? Number.NaN);
  if (!parameters.get('googleaccessid') || !parameters.get('signature') || Number.isNaN(expires)) {
    throw malformed('The signed address lacks GoogleAccessId, Expires or Signature.');
  }
  if (now > expires * 1000) throw expired(expires * 1000);
}
