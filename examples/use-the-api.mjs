// Uploads a picture over the HTTP API, waits for its jobs, and saves their results.
//   node examples/use-the-api.mjs photo.jpg sketch caption
// With an API key in SPILLWAY_KEY it acts for the key's owner, and without one for a new visitor.
import { readFile, writeFile } from 'node:fs/promises';
import { basename, extname, parse } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readStack } from './stack.mjs';

const [picture, ...operations] = process.argv.slice(2);
const { web } = await readStack();
const bytes = await readFile(picture);

const key = process.env.SPILLWAY_KEY;
// Without a key, requests that change something name the site as their origin, as its own pages do.
const origin = key ? {} : { origin: new URL(web).origin };
// The cookie makes the next requests come from the same visitor, who sees no one else's jobs.
let cookie = '';

/** Calls the API, described at /api/v1/openapi.json. Throws what the problem document says. */
async function call(path, init = {}) {
  const response = await fetch(`${web}/api/v1${path}`, {
    ...init,
    headers: {
      'content-type': 'application/json',
      ...origin,
      ...(key ? { authorization: `Bearer ${key}` } : { cookie }),
    },
  });
  cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
  if (response.ok) return response;
  const { code, detail } = await response.json();
  throw new Error(`${code}: ${detail}`);
}

const opened = await call('/uploads', {
  method: 'POST',
  body: JSON.stringify({ fileName: basename(picture), size: bytes.length, operations }),
});
const { uploadId, sessionUrl } = await opened.json();

// The bytes go straight to the bucket. A large file can be sent in pieces and continued after an interruption.
const sent = await fetch(sessionUrl, { method: 'PUT', headers: origin, body: bytes });
if (!sent.ok) throw new Error(`The bucket answered ${sent.status}.`);

async function waitForJobs() {
  for (;;) {
    const { jobs } = await (await call(`/jobs?upload=${uploadId}`)).json();
    const ended = jobs.filter(({ endedAt }) => endedAt !== null);
    if (ended.length === operations.length) return ended;
    await wait(300);
  }
}

for (const job of await waitForJobs()) {
  if (job.state !== 'succeeded') {
    console.error(`${job.operation}: ${job.error?.message ?? job.state}`);
    process.exitCode = 1;
    continue;
  }
  const result = await call(`/jobs/${job.id}/result`);
  const path = `${parse(picture).name}.${job.operation}${extname(job.result.name)}`;
  await writeFile(path, Buffer.from(await result.arrayBuffer()));
  console.log(`${path}: ${job.timings.totalMs} ms from upload to result`);
}
