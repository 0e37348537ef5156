import type { MetricData } from '@opentelemetry/sdk-metrics';
import type { Awaitable } from '@spillway/core/steps.ts';

/** The process that has counted. */
export interface Origin {
  /** `vm-worker`, `cloudrun-worker`, `route`, … */
  program: string;
  /** No two processes have the same one at a time. */
  instance: string;
}

/** A service that keeps metrics: Cloud Monitoring, or an endpoint of OTLP. */
export interface MetricsService {
  /**
   * Writes metrics of the catalogue. Gives up within some seconds. Throws `OutageError`, and `RefusedError` where this
   * program may not write; its message says which role to grant.
   * @param origin Keeps the series of processes apart; null for gauges of the system, which have one series, whoever
   * writes it.
   */
  write(metrics: readonly MetricData[], origin: Origin | null): Awaitable<void>;
}

/** Where this program's metrics are sent to. Work goes on whatever becomes of them. */
export interface MetricsOutput {
  /** As `MetricsService` has it, but never rejects: whether they were written. The log says once that they are not. */
  write(metrics: readonly MetricData[], origin: Origin | null): Promise<boolean>;
}

/** What this process has seen since it began. */
export interface OwnMetrics {
  /** Metrics that nothing was told of yet are left out. */
  read(): Promise<MetricData[]>;
  /** How many facts were told. */
  readonly told: number;
}
