import { type Box, boxesOf, primaryItemOf, readMetaBox } from '../heif-boxes.ts';
import { av1Colours } from './av1-colours.ts';
import { type CodedColours, codedColours } from './code-points.ts';
import { type ColourTag, codedTag } from './colour-tag.ts';

/**
 * What an AVIF says of the colours of the picture that a viewer shows: its ICC profile, else its numbers (`nclx`), else
 * those in the AV1 stream. Of a container that makes no sense here its decoder will say what is wrong with it, or find
 * a profile.
 */
export async function readAvifColours(path: string): Promise<ColourTag> {
  try {
    const meta = await readMetaBox(path);
    return meta ? tagOf(meta) : { kind: 'profile' };
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'profile' };
    throw error;
  }
}

const profileTypes = ['prof', 'rICC'];

function tagOf(meta: Buffer): ColourTag {
  const properties = propertiesOfPrimary(meta);
  const colours = properties.filter(({ type }) => type === 'colr').map(({ content }) => content);
  if (colours.some((content) => profileTypes.includes(kindOf(content)))) return { kind: 'profile' };
  const numbers = colours.find((content) => kindOf(content) === 'nclx');
  if (numbers) return codedTag(coloursOfNclx(numbers));
  const configuration = properties.find(({ type }) => type === 'av1C');
  return codedTag(configuration ? av1Colours(configuration.content) : null);
}

function kindOf(colr: Buffer): string {
  return colr.toString('latin1', 0, 4);
}

function coloursOfNclx(colr: Buffer): CodedColours | null {
  // The decoder makes RGB of full range, whatever the range of the stream.
  return codedColours(colr.readUInt16BE(4), colr.readUInt16BE(6));
}

/** The properties of the primary item; those of a grid's tiles count where the grid itself has no colours. */
function propertiesOfPrimary(meta: Buffer): Box[] {
  const boxes = [...boxesOf(meta)];
  const pitm = boxes.find(({ type }) => type === 'pitm');
  const iprp = boxes.find(({ type }) => type === 'iprp');
  if (!pitm || !iprp) return [];
  const all: Box[] = [];
  const indices: number[] = [];
  for (const { type, content } of boxesOf(iprp.content)) {
    if (type === 'ipco') all.push(...boxesOf(content));
    if (type === 'ipma') indices.push(...associationsOf(content, primaryItemOf(pitm.content)));
  }
  const own = indices.flatMap((index) => all[index - 1] ?? []);
  return own.some(({ type }) => type === 'colr' || type === 'av1C') ? own : all;
}

/** Which properties an `ipma` box gives an item, counted from 1. */
function associationsOf(ipma: Buffer, item: number): number[] {
  const hasLongItems = ipma.readUInt8(0) > 0;
  const hasLongIndices = (ipma.readUInt8(3) & 1) === 1;
  const entries = ipma.readUInt32BE(4);
  let at = 8;
  const indices: number[] = [];
  for (let entry = 0; entry < entries; entry++) {
    const id = hasLongItems ? ipma.readUInt32BE(at) : ipma.readUInt16BE(at);
    at += hasLongItems ? 4 : 2;
    const count = ipma.readUInt8(at++);
    for (let index = 0; index < count; index++) {
      // The upper bit says that a reader must know the property.
      const property = hasLongIndices ? ipma.readUInt16BE(at) & 0x7fff : ipma.readUInt8(at) & 0x7f;
      at += hasLongIndices ? 2 : 1;
      if (id === item) indices.push(property);
    }
  }
  return indices;
}
