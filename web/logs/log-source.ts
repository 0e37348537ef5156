/** Where the programs' logs are, and so where a job's lines can be found. */
export type LogSource =
  /** In files of this folder, one line of JSON an entry. */
  | { kind: 'file'; folder: string }
  /** In Cloud Logging, in this Google Cloud project. */
  | { kind: 'cloud'; project: string }
  /** Nobody told the site. */
  | { kind: 'unknown' };
