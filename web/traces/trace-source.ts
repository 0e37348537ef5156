import type { TracesDestination } from '@spillway/pipeline/telemetry/traces-config.ts';

/** Where the programs' spans go, and so where a job's can be found. */
export type TraceSource =
  | Exclude<TracesDestination, { kind: 'cloud' }>
  /** The Google Cloud project that has them. */
  | { kind: 'cloud'; project: string };
