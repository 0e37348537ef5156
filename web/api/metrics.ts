import type { HttpBindings } from '@hono/node-server';
import { tooMany } from '@spillway/pipeline/http/metrics-page.ts';
import { prometheusContentType } from '@spillway/pipeline/telemetry/prometheus.ts';
import { type Context, Hono } from 'hono';
import { type ApiDependencies, type ApiEnv, missingScope } from './environment.ts';
import { looksLikeKey } from './key-text.ts';
import { bearerOf } from './token-admins.ts';

/**
 * `GET /metrics`: the gauges of the system, and what this process has seen, as Prometheus reads them. For admins, and for
 * a program that shows an API key with the scope `metrics` as `Authorization: Bearer`.
 */
export function metricsRoutes({ metrics, admins, keyring, networkOf }: ApiDependencies) {
  async function letIn(c: Context): Promise<void> {
    const bearer = bearerOf(c);
    if (bearer !== null && looksLikeKey(bearer)) {
      const key = await keyring.open(bearer, networkOf(c));
      if (!key.scopes.includes('metrics')) throw missingScope('metrics');
      return;
    }
    const who = await admins.recognize(c);
    if (who.kind === 'stranger') throw who.problem;
  }

  return new Hono<ApiEnv & { Bindings: Partial<HttpBindings> }>().get('/metrics', async (c) => {
    await letIn(c);
    const outgoing = c.env?.outgoing;
    if (outgoing && 'writeHead' in outgoing && !metrics.admit(outgoing)) return c.text(tooMany, 503);
    const text = await metrics.text();
    return c.text(text, 200, { 'Content-Type': prometheusContentType, 'Cache-Control': 'no-store' });
  });
}
