/** What a log says in the place of a secret. */
export const redacted = '[redacted]';

/** Names of fields whose value is a secret, whatever it looks like. */
const secretName =
  /token|secret|password|passphrase|cookie|authorization|credential|assertion|signature|private.?key|api.?key|session.?ur[il]|upload.?id$/i;

/** Parameters of addresses that open what they point to: whoever has the address needs nothing else. */
const secretParameters = [
  // A resumable session of Cloud Storage: https://cloud.google.com/storage/docs/resumable-uploads#session-uris
  'upload_id',
  // Signed addresses of versions 4 and 2: https://cloud.google.com/storage/docs/authentication/signatures
  'x-goog-signature',
  'signature',
  'x-goog-security-token',
  // A batch is a random name that only its uploader has.
  'batch',
  'token',
  'access_token',
  'id_token',
  'refresh_token',
  'client_secret',
  'api_key',
].join('|');
/** What ends the value of a parameter: the next one, or the end of the address in a text. */
const endOfValue = '\\s"\'`<>(){}\\[\\]\\\\|&#;,';

const patterns: [form: RegExp, replacement: string][] = [
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----END)[\s\S])*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g,
    redacted,
  ],
  // The second form is an address within an address.
  [new RegExp(`\\b(${secretParameters})=[^${endOfValue}]+`, 'gi'), `$1=${redacted}`],
  [new RegExp(`(%(?:3F|26|23)(?:${secretParameters}))%3D[^${endOfValue}%]+`, 'gi'), `$1%3D${redacted}`],
  [new RegExp(`([?&]key)=[^${endOfValue}]+`, 'gi'), `$1=${redacted}`],
  // Headers, as they are written in texts and in dumps of objects.
  [/\b(x-guploader-uploadid["']?\s*[:=]\s*["']?)[\w-]+/gi, `$1${redacted}`],
  [/\b((?:set-)?cookie["']?\s*[:=]\s*["']?)[^\r\n"']+/gi, `$1${redacted}`],
  [/\b(authorization["']?\s*[:=]\s*["']?)(?:[a-z]+ +)?[^\s"',;]+/gi, `$1${redacted}`],
  [/\b(spillway_[a-z_]+)=[^\s;,"']+/g, `$1=${redacted}`],
  [/\b(Bearer)\s+[\w+/=.~-]{12,}/gi, `$1 ${redacted}`],
  // Tokens by their form: JWTs, Google's access tokens and API keys, our own API keys.
  [/\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?/g, redacted],
  [/\bya29\.[\w.-]+/g, redacted],
  [/\bAIza[\w-]{30,}/g, redacted],
  [/\bspw_[0-9A-Za-z]{12,}/g, redacted],
  // Name and password in an address, such as a proxy's.
  [/:\/\/[^\s/@:"']+:[^\s/@"']+@/g, `://${redacted}@`],
];

/** Shorter texts are no secrets, and would be found everywhere. */
const shortestSecret = 8;

export interface Redaction {
  /** The text without anything that opens a door. */
  text(text: string): string;
  /** Whether the value of a field of that name is a secret. */
  isSecretName(name: string): boolean;
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
    isSecretName: (name) => secretName.test(name),
    text(text) {
      let clean = text;
      for (const value of values) clean = clean.replaceAll(value, redacted);
      for (const [form, replacement] of patterns) clean = clean.replace(form, replacement);
      return clean;
    },
  };
}
