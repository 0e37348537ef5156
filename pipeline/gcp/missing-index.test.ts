import { expect, it } from 'vitest';
import { createIndexCommand } from './missing-index.ts';

/** Length-delimited, as in https://protobuf.dev/programming-guides/encoding/. */
function bytes(number: number, content: Buffer | string): Buffer {
  const value = Buffer.from(content as string);
  return Buffer.concat([Buffer.from([number * 8 + 2, value.length]), value]);
}
const field = (path: string, number: number, mode: number) =>
  bytes(3, Buffer.concat([bytes(1, path), Buffer.from([number * 8, mode])]));

/** The words of Firestore, with an index as its link has one. */
function words(...fields: Buffer[]): string {
  return sentence('composite', 'indexes/_', ...fields);
}

function sentence(kind: 'composite' | 'exemption', part: string, ...fields: Buffer[]): string {
  const name = `projects/demo/databases/(default)/collectionGroups/jobs/${part}`;
  const index = Buffer.concat([bytes(1, name), Buffer.from([2 * 8, 1]), ...fields]).toString('base64url');
  const link = `https://console.firebase.google.com/v1/r/project/demo/firestore/indexes?create_${kind}=${index}`;
  return `9 FAILED_PRECONDITION: The query requires an index. You can create it here: ${link}`;
}

it('the command creates the index that Firestore’s link describes', () => {
  const text = words(
    field('state', 2, 1),
    field('route.turnAt', 2, 2),
    field('tags', 3, 1),
    field('__name__', 2, 2),
  );
  expect(createIndexCommand(text, 'demo')).toBe(
    'gcloud firestore indexes composite create --collection-group=jobs ' +
      '--field-config=field-path=state,order=ascending ' +
      '--field-config=field-path=route.turnAt,order=descending ' +
      '--field-config=field-path=tags,array-config=contains --project=demo',
  );
});

it.each([
  [1, 'order=ascending'],
  [2, 'order=descending'],
])('the command gives one field the index that it lacks', (order, mode) => {
  const text = sentence('exemption', 'fields/outbox.since', field('outbox.since', 2, order));
  expect(createIndexCommand(text, 'demo')).toBe(
    `gcloud firestore indexes fields update outbox.since --collection-group=jobs --index=${mode} --project=demo`,
  );
});

it.each([
  'The query requires an index.',
  'create_composite=',
  'create_composite=%%%',
  `create_composite=${Buffer.from([10, 255, 255, 255, 255, 255]).toString('base64url')}`,
  `create_composite=${Buffer.from('anything else').toString('base64url')}`,
])('there is no command where there is no such link: %s', (text) => {
  expect(createIndexCommand(text, 'demo')).toBeNull();
});
