import type { MetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import { prometheusContentType } from '@spillway/pipeline/telemetry/prometheus.ts';
import type { FunctionHandler } from './handler.ts';

/** The function, and `GET /metrics` beside it: of the one instance that happens to answer. */
export function withMetrics(handler: FunctionHandler, page: Pick<MetricsPage, 'text'>): FunctionHandler {
  return async (request, response) => {
    const [path] = request.url.split('?');
    if (path === '/metrics' && request.method === 'GET') {
      const text = await page.text();
      response
        .status(200)
        .set('Content-Type', prometheusContentType)
        .set('Cache-Control', 'no-store')
        .end(text);
      return;
    }
    await handler(request, response);
  };
}
