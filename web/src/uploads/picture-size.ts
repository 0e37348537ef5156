import { imageDimensionsFromData } from 'image-dimensions';

/** Every format says how large its picture is within these first bytes, unless long metadata comes before. */
const headBytes = 256 * 1_024;

/**
 * Pixels of a picture, read from the head of its file; null where the head does not tell. Decoding would tell too,
 * but takes a second and hundreds of megabytes for a large photograph. The number is a hint for routing: the worker
 * counts the pixels that it decodes.
 */
export async function pixelsOf(file: Blob): Promise<number | null> {
  try {
    const head = await file.slice(0, headBytes).arrayBuffer();
    const size = imageDimensionsFromData(new Uint8Array(head));
    return size && size.width > 0 && size.height > 0 ? size.width * size.height : null;
  } catch {
    // A file that cannot be read fails when it is sent, with a message for the person.
    return null;
  }
}
