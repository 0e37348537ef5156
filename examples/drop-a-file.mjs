// Drops a picture into the bucket and waits for what becomes of it.
//   node examples/drop-a-file.mjs photo.jpg sketch
import { basename, extname, parse } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Storage } from '@google-cloud/storage';
import { readStack } from './stack.mjs';

const [picture, operation = 'sketch'] = process.argv.slice(2);
const { project, storage: apiEndpoint, buckets } = await readStack();
const storage = new Storage({ projectId: project, apiEndpoint });

// The first folder of the name says what to do. The custom metadata `operation` and `options` would do, too.
const [object] = await storage.bucket(buckets.uploads).upload(picture, {
  destination: `${operation}/${basename(picture)}`,
});

// Result, receipt and error report of this upload begin with the same name and the object's generation.
const prefix = `${operation}/${parse(picture).name}.${object.metadata.generation}.`;
const results = storage.bucket(buckets.results);

// Result and receipt are written at once: it has ended when both are there, or the error report is.
async function waitForEnd() {
  for (;;) {
    const [files] = await results.getFiles({ prefix });
    const failed = files.find(({ name }) => name.endsWith('.error.json'));
    if (failed) return failed;
    const receipt = files.find(({ name }) => name.endsWith('.receipt.json'));
    if (receipt && files.length > 1) return receipt;
    await wait(200);
  }
}

const ended = await waitForEnd();
const [content] = await ended.download();
const report = JSON.parse(content.toString());
if (ended.name.endsWith('.error.json')) {
  console.error(`${report.code}: ${report.message}`);
  process.exitCode = 1;
} else {
  const destination = `${parse(picture).name}.${operation}${extname(report.result.name)}`;
  await results.file(report.result.name).download({ destination });
  console.log(`${destination}: made on ${report.ran.target}, because ${report.ran.explanation}`);
}
