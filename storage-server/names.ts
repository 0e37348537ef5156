import { invalid } from './errors.ts';

const maxObjectNameBytes = 1024;
const bucketName = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;

/** Throws a 400 unless `name` is a bucket name that Cloud Storage accepts. It is then safe as a folder name. */
export function checkBucketName(name: unknown): string {
  const parts = typeof name === 'string' ? name.split('.') : [];
  const fits = parts.every((part) => part.length > 0 && part.length <= 63);
  if (
    typeof name !== 'string' ||
    !bucketName.test(name) ||
    !fits ||
    (parts.length === 1 && name.length > 63)
  ) {
    throw invalid(`Invalid bucket name: ${JSON.stringify(name)}`);
  }
  return name;
}

/** Throws a 400 unless `name` is an object name that Cloud Storage accepts. */
export function checkObjectName(name: unknown): string {
  if (typeof name !== 'string' || name === '') throw invalid('Required parameter: name');
  if (Buffer.byteLength(name) > maxObjectNameBytes) {
    throw invalid('The maximum object length is 1024 characters, but got a name with more.');
  }
  if (!name.isWellFormed()) throw invalid('Object names must be valid UTF-8.');
  if (/[\r\n]/.test(name)) throw invalid('Object names cannot contain carriage returns or line feeds.');
  if (name === '.' || name === '..' || name.startsWith('.well-known/acme-challenge/')) {
    throw invalid(`Object name not allowed: ${name}`);
  }
  return name;
}

/** Compares names by their UTF-8 bytes, the order of every listing. (UTF-16 order differs beyond U+FFFF.) */
export const compareNames = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
