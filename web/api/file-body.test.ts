import { get } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { startTestSite } from '../test-site.ts';
import { bodyOf } from './file-body.ts';
import { tinyGif, upload } from './test-client.ts';
import { until } from './test-events.ts';
import { succeed } from './test-jobs.ts';

/** A stream that has bytes already, and waits for more. */
function begunStream(): PassThrough {
  const stream = new PassThrough();
  stream.write('first');
  return stream;
}

test('a body has all bytes of its stream, and its failure', async () => {
  expect(await new Response(bodyOf(Readable.from(['a', 'b'].map(Buffer.from)))).text()).toBe('ab');
  const failing = begunStream();
  const reader = bodyOf(failing).getReader();
  expect(Buffer.from((await reader.read()).value ?? [])).toEqual(Buffer.from('first'));
  failing.destroy(new Error('The bucket hung up.'));
  await expect(reader.read()).rejects.toThrow('The bucket hung up.');
});

test('a body tells of a failure that came before anybody read it', async () => {
  const stream = begunStream();
  const body = bodyOf(stream);
  stream.destroy(new Error('The bucket hung up.'));
  await new Promise<void>((resolve) => stream.once('close', resolve));
  await expect(new Response(body).text()).rejects.toThrow('The bucket hung up.');
});

test('a body that nobody wants any more ends its stream, read or not, and whatever that fails with', async () => {
  for (const reads of [0, 1, 2]) {
    const stream = begunStream();
    const reader = bodyOf(stream).getReader();
    const reading = Array.from({ length: reads }, () => reader.read());
    await reading[0];
    await reader.cancel();
    await Promise.all(reading);
    expect(stream.destroyed).toBe(true);
    stream.emit('error', new Error('The bucket hung up.'));
  }
});

test('a visitor who is gone before a file is open does no harm to the site', async () => {
  const { site, memory } = await startTestSite();
  onTestFinished(() => site.close());
  const jobs = await fetch(`${site.url}/api/v1/jobs`);
  await jobs.text();
  const cookie = jobs.headers.get('set-cookie')?.split(';')[0] ?? '';
  const owner = /=([0-9a-f]{32})\./.exec(cookie)?.[1] ?? '';
  const job = await succeed(await upload({ memory, ports: memory }, owner), tinyGif, { memory });
  const stream = begunStream();
  const asked = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  Object.assign(memory.blobs, {
    async read() {
      asked.resolve();
      await opened.promise;
      return { stream, contentType: 'image/png', size: null };
    },
  });
  const visitor = get(`${site.url}/api/v1/jobs/${job.id}/result`, { headers: { cookie }, agent: false });
  visitor.on('error', () => {});
  await asked.promise;
  visitor.destroy();
  // Any later request shows that the server has noticed that the connection was closed.
  await (await fetch(`${site.url}/api/health`)).text();
  opened.resolve();
  await until(() => stream.destroyed);
});
