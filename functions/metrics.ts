import type { MetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import type { MetricsPush } from '@spillway/pipeline/telemetry/metrics-push.ts';
import { prometheusContentType } from '@spillway/pipeline/telemetry/prometheus.ts';
import type { FunctionHandler, FunctionResponse } from './handler.ts';

/**
 * The function, and `GET /metrics` beside it: of the one instance that happens to answer. Metrics that are due are
 * written before the function answers, because an instance has no processor time afterwards.
 */
export function withMetrics(
  handler: FunctionHandler,
  page: Pick<MetricsPage, 'text'>,
  push: Pick<MetricsPush, 'whenDue'>,
): FunctionHandler {
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
    const held = hold(response);
    await handler(request, held.response).finally(push.whenDue);
    held.send();
  };
}

/** A response whose last step is taken when `send` is called. */
function hold(response: FunctionResponse): { response: FunctionResponse; send(): void } {
  let send = () => {};
  const holding: FunctionResponse = {
    set(header, value) {
      response.set(header, value);
      return holding;
    },
    status(code) {
      response.status(code);
      return holding;
    },
    json(value) {
      send = () => void response.json(value);
      return holding;
    },
    end(text) {
      send = () => void response.end(text);
    },
  };
  return { response: holding, send: () => send() };
}
