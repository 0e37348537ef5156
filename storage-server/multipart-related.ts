import { invalid, tooLarge } from './errors.ts';
import { parseJsonObject } from './request-values.ts';

const maxHeadBytes = 1 << 20;
/** RFC 2046 quotes with `"`. apitools, which gcloud storage and gsutil are built on, writes Python's quotes. */
const boundaryForm = /boundary=(?:"([^"]+)"|'([^']+)'|([^\s;]+))/i;

interface MultipartUpload {
  metadata: Record<string, unknown>;
  mediaType: string | undefined;
  media: AsyncIterable<Buffer>;
}

/**
 * Takes a `multipart/related` upload apart: object metadata as JSON, then the media, which is passed on as it arrives.
 * Lines end in CRLF, or in LF alone as apitools writes them. The first line decides, because the media may end with
 * either. Throws a 400 on a body of another shape; `media` throws it if the closing boundary never comes.
 */
export async function readMultipart(
  contentType: string,
  body: AsyncIterable<Buffer>,
): Promise<MultipartUpload> {
  const [, quoted, singleQuoted, plain] = boundaryForm.exec(contentType) ?? [];
  const boundary = quoted ?? singleQuoted ?? plain;
  if (!boundary) throw invalid('The multipart content type has no boundary.');
  const reader = new DelimitedReader(body);
  const delimiter = Buffer.from(`--${boundary}`);
  await reader.until(delimiter);
  const lineEnd = String(await reader.until(Buffer.from('\n'))).endsWith('\r') ? '\r\n' : '\n';
  const headersEnd = Buffer.from(lineEnd + lineEnd);
  const nextPart = Buffer.concat([Buffer.from(lineEnd), delimiter]);
  const metadataHead = String(await reader.until(headersEnd));
  if (!/content-type:\s*application\/json/i.test(metadataHead)) throw invalid('The first part must be JSON.');
  const metadata = parseJsonObject(await reader.until(nextPart));
  const mediaHead = String(await reader.until(headersEnd));
  const mediaType = /content-type:\s*([^\r\n]+)/i.exec(mediaHead)?.[1]?.trim();
  return { metadata, mediaType, media: reader.pieces(nextPart) };
}

/** Reads a stream up to marks that may lie across the edges of its pieces. */
class DelimitedReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Bytes before the mark, which is taken away with it. */
  async until(mark: Buffer): Promise<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      if (at >= 0) {
        const before = this.#held.subarray(0, at);
        this.#held = this.#held.subarray(at + mark.length);
        return before;
      }
      if (this.#held.length > maxHeadBytes) throw tooLarge('The metadata part is too large.');
      await this.#more();
    }
  }

  /** Bytes before the mark, as they come. */
  async *pieces(mark: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      if (at >= 0) {
        yield this.#held.subarray(0, at);
        break;
      }
      // The end of what is held may be the beginning of the mark.
      const safe = Math.max(this.#held.length - mark.length + 1, 0);
      if (safe > 0) yield this.#held.subarray(0, safe);
      this.#held = this.#held.subarray(safe);
      await this.#more();
    }
    while (!(await this.#source.next()).done);
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#source.next();
    if (done) throw invalid('Multipart body ended before its closing boundary.');
    this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value]);
  }
}
