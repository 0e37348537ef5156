import type { ServerResponse } from 'node:http';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { prometheusContentType, prometheusText } from '../telemetry/prometheus.ts';

export interface ReaderLimits {
  /** Readers at a time: Prometheus is one, and a second is there while it is replaced. */
  readers: number;
  /** An answer that is not read to its end within this time is cut off. Milliseconds. */
  readMs: number;
}

/** @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/ which gives up after ten seconds */
const limitsOfReaders: ReaderLimits = { readers: 8, readMs: 10_000 };

export interface MetricsPage {
  /** The whole text, as Prometheus reads it. Rejects where it cannot be read now. */
  text(): Promise<string>;
  /**
   * To be asked before an answer is written to this response: false where too many read already, and 503 is the answer.
   * A reader that hangs or is slow is cut off after some seconds.
   */
  admit(response: ServerResponse): boolean;
  /** Answers by itself. */
  answer(response: ServerResponse): Promise<void>;
}

/**
 * A page `/metrics`. One text serves all who ask within `servesMs`, so that readers cost little, however many they are.
 * @param servesMs Milliseconds.
 */
export function createMetricsPage(
  read: () => Promise<readonly MetricData[]>,
  servesMs: number,
  limits: Partial<ReaderLimits> = {},
): MetricsPage {
  const { readers: most, readMs } = { ...limitsOfReaders, ...limits };
  let latest: { at: number; text: Promise<string> } | null = null;
  let readers = 0;

  const page: MetricsPage = {
    text() {
      const now = performance.now();
      if (!latest || now - latest.at >= servesMs) latest = { at: now, text: read().then(prometheusText) };
      return latest.text;
    },
    admit(response) {
      // A reader that left while it was asked who it is has closed already, and would be counted for ever.
      if (response.destroyed || readers >= most) return false;
      readers++;
      const late = setTimeout(() => response.destroy(), readMs);
      response.once('close', () => {
        clearTimeout(late);
        readers--;
      });
      return true;
    },
    async answer(response) {
      if (!page.admit(response)) return void response.writeHead(503, plain).end(tooMany);
      const text = await page.text();
      response.writeHead(200, { ...plain, 'Content-Type': prometheusContentType }).end(text);
    },
  };
  return page;
}

const plain = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' };
export const tooMany = 'Too many read the metrics at the moment.';
