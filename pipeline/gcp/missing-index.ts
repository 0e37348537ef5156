/**
 * Firestore names the index that a query lacks in a link, as a message of type `google.firestore.admin.v1.Index`. The
 * client library has that type, but does not export it.
 * @see https://github.com/googleapis/googleapis/blob/master/google/firestore/admin/v1/index.proto
 */
const linkPattern = /create_(composite|exemption)=([\w+/=-]+)/;

interface IndexField {
  path: string;
  mode: 'order=ascending' | 'order=descending' | 'array-config=contains';
}

interface MissingIndex {
  collectionGroup: string;
  fields: [IndexField, ...IndexField[]];
}

/**
 * The command that creates the index of which Firestore says in these words that it lacks it; null without a link. An
 * index of one field is an exemption of that field, in place of what it has.
 */
export function createIndexCommand(words: string, project: string): string | null {
  const [, kind, encoded] = linkPattern.exec(words) ?? [];
  const index = encoded === undefined ? null : readIndex(Buffer.from(encoded, 'base64'));
  if (!index) return null;
  const { collectionGroup, fields } = index;
  const command =
    kind === 'composite'
      ? [
          'gcloud firestore indexes composite create',
          `--collection-group=${collectionGroup}`,
          ...fields.map(({ path, mode }) => `--field-config=field-path=${path},${mode}`),
        ]
      : [
          `gcloud firestore indexes fields update ${fields[0].path}`,
          `--collection-group=${collectionGroup}`,
          ...fields.map(({ mode }) => `--index=${mode}`),
        ];
  return [...command, `--project=${project}`].join(' ');
}

function readIndex(bytes: Buffer): MissingIndex | null {
  let collectionGroup: string | undefined;
  const fields: IndexField[] = [];
  for (const { number, value } of readMessage(bytes)) {
    if (typeof value === 'number') continue;
    if (number === 1) collectionGroup = /collectionGroups\/([^/]+)\//.exec(value.toString('utf8'))?.[1];
    if (number === 3) fields.push(...readField(value));
  }
  const [first, ...more] = fields;
  return collectionGroup !== undefined && first ? { collectionGroup, fields: [first, ...more] } : null;
}

/** A command does not name the document's name, with which every index ends. */
function readField(bytes: Buffer): IndexField[] {
  let path = '';
  let mode: IndexField['mode'] = 'order=ascending';
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
