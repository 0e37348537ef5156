import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { z } from 'zod';
import { InstancePool } from './instance-pool.ts';

/**
 * Stands in for Cloud Run before the push endpoint: worker processes are started when requests need them, up to a
 * maximum, take as many requests at once as their concurrency, and are ended when idle.
 */
const config = z
  .object({
    PORT: z.coerce.number(),
    SPILLWAY_RUN_MAX: z.coerce.number().int().min(0),
    SPILLWAY_RUN_CONCURRENCY: z.coerce.number().int().min(1).default(1),
    /** An instance without requests is ended after this long. Milliseconds. */
    SPILLWAY_RUN_IDLE_MS: z.coerce.number().min(0).default(60_000),
  })
  .parse(process.env);

const pool = new InstancePool({
  entry: new URL('../cloudrun-worker/main.ts', import.meta.url),
  environment: process.env,
  most: config.SPILLWAY_RUN_MAX,
  concurrency: config.SPILLWAY_RUN_CONCURRENCY,
  idleMs: config.SPILLWAY_RUN_IDLE_MS,
});

const app = new Hono();
app.get('/instances', (context) => context.json(pool.status()));
app.all('*', async (context) => {
  const instance = await pool.reserve();
  // What Cloud Run answers when no instance becomes free in time.
  if (!instance) return context.text('Rate exceeded.', 429);
  try {
    const { method, headers } = context.req.raw;
    const url = new URL(context.req.url);
    const body = await context.req.arrayBuffer();
    const answer = await fetch(`http://127.0.0.1:${instance.port}${url.pathname}`, {
      method,
      headers,
      ...(body.byteLength > 0 ? { body } : {}),
    });
    return new Response(answer.body, { status: answer.status });
  } catch {
    // The instance died with the request in its hands.
    return context.text('The instance ended.', 502);
  } finally {
    instance.release();
  }
});

serve({ fetch: app.fetch, port: config.PORT, hostname: '127.0.0.1' }, () => process.send?.({ ready: true }));
for (const reason of ['SIGTERM', 'SIGINT', 'disconnect']) {
  process.on(reason, () => void pool.close().then(() => process.exit(0)));
}
