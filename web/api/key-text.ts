import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * The text of a secret of ours, an API key or the token of a private link: its prefix, 43 digits of a random number of 256 bits, and 6 digits of a CRC-32 over what comes
 * before. All digits are of base 62, so that a double click takes the whole key. Secret scanners find it by prefix and
 * length (`spw_[0-9A-Za-z]{49}`), and the checksum tells a secret from what only looks like one, and a typing error from
 * a wrong secret, without asking anybody.
 */
const digitsOfAll = /^[0-9A-Za-z]{49}$/;
const keyPrefix = 'spw_';
const sharePrefix = 'sps_';
const secretDigits = 43;
const checkDigits = 6;
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A new key that nobody can guess. */
export const newKeyText = (): string => newSecret(keyPrefix);
/** A new token of a private link. */
export const newShareToken = (): string => newSecret(sharePrefix);

function newSecret(prefix: string): string {
  const secret = prefix + digits(BigInt(`0x${randomBytes(32).toString('hex')}`), secretDigits);
  return secret + checkOf(secret);
}

/** Whether somebody means it as a key of ours. */
export function looksLikeKey(text: string): boolean {
  return text.startsWith(keyPrefix);
}

/** Whether it is a whole key, without a typing error. */
export const isWholeKey = (text: string): boolean => isWhole(text, keyPrefix);
export const isWholeShareToken = (text: string): boolean => isWhole(text, sharePrefix);

function isWhole(text: string, prefix: string): boolean {
  if (!text.startsWith(prefix) || !digitsOfAll.test(text.slice(prefix.length))) return false;
  return checkOf(text.slice(0, -checkDigits)) === text.slice(-checkDigits);
}

/**
 * What is kept of a secret. One round of SHA-256 is enough: a slow hash makes guessing dear, which helps a password that a
 * person has thought up, and nobody guesses 256 random bits. It would cost every request as much as a small picture.
 */
export function fingerprintOf(text: string): { id: string; hash: string } {
  const hash = createHash('sha256').update(text).digest('hex');
  return { id: hash.slice(0, 16), hash };
}

function checkOf(secret: string): string {
  return digits(BigInt(crc32(secret)), checkDigits);
}

function digits(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = alphabet[Number(rest % 62n)] + text;
  return text;
}
