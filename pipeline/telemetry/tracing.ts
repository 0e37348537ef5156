import { randomUUID } from 'node:crypto';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  type IdGenerator,
  ParentBasedSampler,
  RandomIdGenerator,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { BaseConfig } from '../config.ts';
import type { Log } from '../ports/ports.ts';
import type { Tracing } from '../ports/tracing.ts';
import { within } from '../within.ts';
import { type BoundedExport, exportBounded } from './bounded-export.ts';
import { instanceAttribute } from './instance-attribute.ts';
import { loadedAtFirstUse } from './late-exporter.ts';
import { createFileExporter } from './trace-files.ts';
import { type TracesDestination, tracesDestination } from './traces-config.ts';

/** Milliseconds. */
const timing = {
  /** A batch is sent after this time at the latest: the local file is read by a page that people wait for. */
  fileDelay: 1_000,
  delay: 5_000,
  /** After an export that failed, a request does not wait for another one for this long. */
  noWaitAfterFailure: 30_000,
  /** A program that ends waits no longer than this for its last spans. */
  stop: 3_000,
};

/** A request waits no longer than this for its spans to be sent. Milliseconds. */
export const requestFlushMs = 200;

/** Who makes the spans. */
export interface TracedProgram {
  /** `site`, `route`, `sweep`, `find-lost`, `vm-worker` or `cloudrun-worker`. */
  name: string;
  /** The process among others of this program. Default: a random one. */
  instance?: string;
}

/** The tracing of this process. */
export interface ProcessTracing extends Tracing {
  /**
   * Sends the spans that have ended. Resolves when they are sent, and after `withinMs` at the latest; never rejects. For
   * the end of a request where the process may stand still until the next one.
   */
  flush(withinMs: number): Promise<void>;
  /** Spans that were dropped: no room was left, or their export failed. */
  dropped(): number;
  /** Sends the last spans, and ends. Resolves within a few seconds, never rejects. */
  stop(): Promise<void>;
}

/**
 * Sets tracing up for this process. Nothing is made global but the context, so that the spans of Google's own clients
 * stay off and logs find the span that they are written in with `trace.getActiveSpan()`. A process with several programs
 * calls it for each of them; the context is theirs together.
 * @throws ConfigError where the configuration contradicts itself.
 */
export function startTracing(program: TracedProgram, config: BaseConfig, log: Log): ProcessTracing {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const destination = tracesDestination(config);
  const { name, instance = randomUUID() } = program;
  const bounded = exportTo(destination, `${name}-${instance}`, log);
  const ids = new GivenIds();
  const share = new TraceIdRatioBasedSampler(bounded ? config.SPILLWAY_TRACES_SAMPLED : 0);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      [ATTR_SERVICE_NAME]: name,
      [ATTR_SERVICE_VERSION]: config.SPILLWAY_VERSION,
      [instanceAttribute]: instance,
      // Google's endpoint asks for it: https://docs.cloud.google.com/trace/docs/migrate-to-otlp-endpoints
      'gcp.project_id': config.SPILLWAY_PROJECT,
    }),
    sampler: bounded ? new ParentBasedSampler({ root: share }) : new AlwaysOffSampler(),
    // An error's code may be of any length.
    spanLimits: { attributeValueLengthLimit: 1_000 },
    idGenerator: ids,
    spanProcessors: bounded ? [bounded.processor] : [],
  });
  const tracer = provider.getTracer('spillway', config.SPILLWAY_VERSION);
  let failedFlushAt = Number.NEGATIVE_INFINITY;
  return {
    isOn: bounded !== null,
    tracer,
    keeps: (traceId) =>
      share.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED,
    startRoot(given, spanName, options) {
      return ids.next(given, () => tracer.startSpan(spanName, { ...options, root: true }, ROOT_CONTEXT));
    },
    async flush(withinMs) {
      if (!bounded || performance.now() - failedFlushAt < timing.noWaitAfterFailure) return;
      const sent = await within(withinMs, provider.forceFlush());
      if (!sent) failedFlushAt = performance.now();
    },
    dropped: () => bounded?.dropped() ?? 0,
    async stop() {
      await within(timing.stop, provider.shutdown());
    },
  };
}

/** Null where traces are off. */
function exportTo(destination: TracesDestination, fileName: string, log: Log): BoundedExport | null {
  const to = (exporter: SpanExporter, where: string, delayMs = timing.delay) =>
    exportBounded(exporter, { where, delayMs, log });
  switch (destination.kind) {
    case 'off':
      return null;
    case 'cloud':
      return to(
        loadedAtFirstUse(async () => (await import('./cloud-traces.ts')).createCloudExporter()),
        'Cloud Trace',
      );
    case 'otlp':
      return to(
        loadedAtFirstUse(async () => {
          const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
          return new OTLPTraceExporter();
        }),
        'the OTLP endpoint',
      );
    case 'file':
      return to(createFileExporter(destination.folder, fileName), destination.folder, timing.fileDelay);
    default:
      return destination satisfies never;
  }
}

/** Random ids, but for one span that is given its own. */
class GivenIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #given: { traceId: string; spanId: string } | null = null;

  /** `start` makes one span, without waiting. */
  next<Made>(ids: { traceId: string; spanId: string }, start: () => Made): Made {
    this.#given = ids;
    try {
      return start();
    } finally {
      this.#given = null;
    }
  }

  readonly generateTraceId = (): string => this.#given?.traceId ?? this.#random.generateTraceId();
  readonly generateSpanId = (): string => this.#given?.spanId ?? this.#random.generateSpanId();
}
