import { isBareSecretName, isSecretName, withoutNamedSecrets } from './named-secrets.ts';

/** What a log says in the place of a secret. */
export const redacted = '[redacted]';

/** What is within a value of a parameter: all but the next one, or the end of the address in a text. */
const inValue = '[^\\s"\'`<>(){}\\[\\]\\\\|&#;,]';

/** A key goes on to its end, or to that of the text where it was cut off. */
const pemKey =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----END)[\s\S])*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g;

const patterns: [form: RegExp, replacement: string][] = [
  // A batch is a random name that only its uploader has. The second forms are of an address within an address.
  [new RegExp(`((?<![a-z])batch(?:=|%(?:25)*3D))${inValue}+`, 'gi'), `$1${redacted}`],
  [new RegExp(`((?:[?&]|%(?:25)*(?:3F|26))key(?:=|%(?:25)*3D))${inValue}+`, 'gi'), `$1${redacted}`],
  [/\b(spillway_[a-z_]+)=[^\s;,"']+/g, `$1=${redacted}`],
  [/(Bearer)((?:\s|\+|%(?:25)*20)+)[\w+/=.~%-]{12,}/gi, `$1$2${redacted}`],
  // Tokens by their form: JWTs, Google's access tokens and API keys, our own API keys and private links.
  [/\bya29\.[\w.-]+/g, redacted],
  [/\bAIza[\w-]{30,}/g, redacted],
  [/\bsp[sw]_[0-9A-Za-z]{12,}/g, redacted],
  // Name and password in an address, such as a proxy's.
  [/:\/\/[^\s/@:"']*:[^\s/@"']+@/g, `://${redacted}@`],
];

/** A run of characters as a JWT has them. It is taken as a whole, so that the search in a long one is linear. */
const dottedRun = /[\w.-]{16,}/g;

/** A JWT is taken out to the end of its run, whatever is before it. */
function withoutJwt(run: string): string {
  const at = run.indexOf('eyJ');
  return at === -1 || run.indexOf('.', at + 9) === -1 ? run : `${run.slice(0, at)}${redacted}`;
}

/** Shorter texts are no secrets, and would be found everywhere. */
const shortestSecret = 8;

export interface Redaction {
  /** The text without anything that opens a door. */
  text(text: string): string;
  /** Whether the value of a field of that name is a secret. */
  isSecretName(name: string): boolean;
  /** Whether a text in a list is such a name, so that what follows it is a secret. */
  isBareSecretName(text: string): boolean;
}

/**
 * Takes out of texts what opens doors: by its form, wherever it is in a text, and by its value.
 * @param secrets The program's own: an admin's token, the key that signs cookies.
 */
export function createRedaction(secrets: readonly string[] = []): Redaction {
  const values = secrets
    .filter((secret) => secret.length >= shortestSecret)
    .flatMap((secret) => [...new Set([secret, encodeURIComponent(secret)])]);
  return {
    isSecretName,
    isBareSecretName,
    text(text) {
      let clean = text;
      for (const value of values) clean = clean.replaceAll(value, redacted);
      // A key has several lines, of which a name before it would take the first only.
      clean = clean.replace(pemKey, redacted);
      clean = withoutNamedSecrets(clean, redacted).replace(dottedRun, withoutJwt);
      for (const [form, replacement] of patterns) clean = clean.replace(form, replacement);
      return clean;
    },
  };
}
