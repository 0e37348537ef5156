import { z } from 'zod';
import { ConfigError } from '../config-error.ts';
import { checkOtlp, otlpConfigShape } from './otlp-config.ts';

/** The part of a program's environment that says where its traces go. */
export const tracesConfigShape = {
  /**
   * `cloud`: to Cloud Trace, with the program's own credentials. `otlp`: to `OTEL_EXPORTER_OTLP_ENDPOINT`. `file`: into
   * the folder `SPILLWAY_TRACES_DIR`.
   */
  SPILLWAY_TRACES: z.enum(['off', 'cloud', 'otlp', 'file']).default('off'),
  SPILLWAY_TRACES_DIR: z.string().min(1).optional(),
  /** Share of the traces that are kept, where no `traceparent` has decided it. */
  SPILLWAY_TRACES_SAMPLED: z.coerce.number().min(0).max(1).default(1),
} as const;

const tracesConfigSchema = z.object({ ...tracesConfigShape, ...otlpConfigShape });
export type TracesConfig = z.infer<typeof tracesConfigSchema>;

export type TracesDestination =
  | { kind: 'off' }
  | { kind: 'cloud' }
  | { kind: 'otlp' }
  | { kind: 'file'; folder: string };

/** Where traces go. Throws `ConfigError` where the variables contradict each other. */
export function tracesDestination(config: TracesConfig): TracesDestination {
  const { SPILLWAY_TRACES: kind, SPILLWAY_TRACES_DIR: folder } = config;
  if (kind !== 'file' && folder !== undefined) {
    throw new ConfigError(
      `SPILLWAY_TRACES_DIR is "${folder}" and SPILLWAY_TRACES is ${kind}: set SPILLWAY_TRACES=file, or remove the folder.`,
    );
  }
  switch (kind) {
    case 'off':
    case 'cloud':
      return { kind };
    case 'file':
      if (folder === undefined) {
        throw new ConfigError(
          'SPILLWAY_TRACES is file: set SPILLWAY_TRACES_DIR to the folder for the files.',
        );
      }
      return { kind, folder };
    case 'otlp':
      checkOtlp('TRACES', config);
      return { kind };
    default:
      return kind satisfies never;
  }
}
