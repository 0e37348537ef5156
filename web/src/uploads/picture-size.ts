/** Every format says how large its picture is within these first bytes, unless long metadata stands before. */
const headBytes = 256 * 1_024;

/**
 * Pixels of a picture, read from the head of its file; null where the head does not tell. Decoding would tell too,
 * but takes a second and hundreds of megabytes for a large photograph.
 */
export async function pixelsOf(file: Blob): Promise<number | null> {
  try {
    const head = new DataView(await file.slice(0, headBytes).arrayBuffer());
    const size = sizeIn(head);
    return size && size.width > 0 && size.height > 0 ? size.width * size.height : null;
  } catch {
    // A head that is cut off or damaged: what is said here is only a hint, and the upload itself tells what is wrong.
    return null;
  }
}

interface Size {
  width: number;
  height: number;
}

function sizeIn(head: DataView): Size | null {
  if (head.getUint16(0) === 0xffd8) return jpegSize(head);
  switch (textAt(head, 0)) {
    case '\x89PNG':
      return { width: head.getUint32(16), height: head.getUint32(20) };
    case 'GIF8':
      return { width: head.getUint16(6, true), height: head.getUint16(8, true) };
    case 'RIFF':
      return textAt(head, 8) === 'WEBP' ? webpSize(head) : null;
    default:
      return textAt(head, 4) === 'ftyp' ? largestExtent(head) : null;
  }
}

/** The frame's header, which is one of the segments at the start. */
function jpegSize(head: DataView): Size | null {
  for (let at = 2; head.getUint8(at) === 0xff; at += 2 + head.getUint16(at + 2)) {
    const marker = head.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: head.getUint16(at + 7), height: head.getUint16(at + 5) };
  }
  return null;
}

function webpSize(head: DataView): Size | null {
  switch (textAt(head, 12)) {
    case 'VP8 ':
      return { width: head.getUint16(26, true) & 0x3fff, height: head.getUint16(28, true) & 0x3fff };
    case 'VP8L': {
      const bits = head.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X': {
      const threeBytes = (at: number) => head.getUint32(at, true) & 0xffffff;
      return { width: threeBytes(24) + 1, height: threeBytes(27) + 1 };
    }
    default:
      return null;
  }
}

/** AVIF and HEIC: tiles and previews have an extent each, and the whole picture the largest. */
function largestExtent(head: DataView): Size | null {
  let largest: Size | null = null;
  for (let at = 4; at + 16 <= head.byteLength; at += 1) {
    if (head.getUint8(at) !== 0x69 || textAt(head, at) !== 'ispe') continue;
    const size = { width: head.getUint32(at + 8), height: head.getUint32(at + 12) };
    if (!largest || size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}

function textAt(head: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => head.getUint8(at + index)));
}
