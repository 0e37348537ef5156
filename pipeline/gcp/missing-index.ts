/**
 * Firestore names the index that a query lacks in a link, as a message of type `google.firestore.admin.v1.Index`. The
 * client library has that type, but does not export it.
 * @see https://github.com/googleapis/googleapis/blob/master/google/firestore/admin/v1/index.proto
 */
const linkPattern = /create_composite=([\w+/=-]+)/;

interface MissingIndex {
  collectionGroup: string;
  fields: { path: string; mode: 'order=ascending' | 'order=descending' | 'array-config=contains' }[];
}

/** The command that creates the index of which Firestore says in these words that it lacks it; null without a link. */
export function createIndexCommand(words: string, project: string): string | null {
  const encoded = linkPattern.exec(words)?.[1];
  const index = encoded === undefined ? null : readIndex(Buffer.from(encoded, 'base64'));
  if (!index) return null;
  const fields = index.fields.map(({ path, mode }) => `--field-config=field-path=${path},${mode}`);
  const command = [
    'gcloud firestore indexes composite create',
    `--collection-group=${index.collectionGroup}`,
  ];
  return [...command, ...fields, `--project=${project}`].join(' ');
}

function readIndex(bytes: Buffer): MissingIndex | null {
  let collectionGroup: string | undefined;
  const fields: MissingIndex['fields'] = [];
  for (const { number, value } of readMessage(bytes)) {
    if (typeof value === 'number') continue;
    if (number === 1) collectionGroup = /collectionGroups\/([^/]+)\//.exec(value.toString('utf8'))?.[1];
    if (number === 3) fields.push(...readField(value));
  }
  return collectionGroup !== undefined && fields.length > 0 ? { collectionGroup, fields } : null;
}

/** A command does not name the document's name, with which every index ends. */
function readField(bytes: Buffer): MissingIndex['fields'] {
  let path = '';
  let mode: MissingIndex['fields'][number]['mode'] = 'order=ascending';
  for (const { number, value } of readMessage(bytes)) {
    if (number === 1 && typeof value !== 'number') path = value.toString('utf8');
    if (number === 2 && value === 2) mode = 'order=descending';
    if (number === 3) mode = 'array-config=contains';
  }
  return path === '' || path === '__name__' ? [] : [{ path, mode }];
}

/**
 * The fields of a message with numbers and byte strings, which are all that this type has.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
function* readMessage(bytes: Buffer): Generator<{ number: number; value: number | Buffer }> {
  let at = 0;
  const varint = (): number => {
    let result = 0;
    for (let shift = 0; at < bytes.length; shift += 7) {
      const byte = bytes[at++] ?? 0;
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return result;
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (tag % 8 === 0) yield { number, value: varint() };
    else if (tag % 8 === 2) {
      const length = varint();
      yield { number, value: bytes.subarray(at, at + length) };
      at += length;
    } else return;
  }
}
