import { type JobView, jobPageSchema, type UploadRequest, uploadSchema } from '@spillway/web/api/schema.ts';

/** Somebody without a browser who uploads as the page does. */
abstract class Sender {
  protected readonly web: string;
  /** What a browser says of the page that sends; empty for a program. */
  protected readonly headersOfPage: Record<string, string> = {};

  /** `web`: the site's address. */
  constructor(web: string) {
    this.web = web;
  }

  abstract request(path: string, init?: RequestInit): Promise<Response>;
  /** Returns the upload's id. */
  async upload(
    fileName: string,
    bytes: Buffer,
    operations: string[] = ['sketch'],
    more: Partial<UploadRequest> = {},
  ): Promise<string> {
    const opened = await this.request('/api/v1/uploads', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        fileName,
        contentType: 'image/jpeg',
        size: bytes.length,
        operations,
        ...more,
      }),
    });
    expectStatus(opened, 201);
    const { uploadId, sessionUrl } = uploadSchema.parse(await opened.json());
    const sent = await fetch(sessionUrl, {
      method: 'PUT',
      body: new Uint8Array(bytes),
      headers: this.headersOfPage,
    });
    expectStatus(sent, 200);
    return uploadId;
  }

  async jobs(): Promise<JobView[]> {
    const response = await this.request('/api/v1/jobs?limit=100');
    expectStatus(response, 200);
    return jobPageSchema.parse(await response.json()).jobs;
  }
}

/** A visitor: keeps the session cookie. */
export class Visitor extends Sender {
  protected override readonly headersOfPage = { origin: this.web };
  #cookie = '';

  /** The same visitor at another address of the same site. */
  on(web: string): Visitor {
    const again = new Visitor(web);
    again.#cookie = this.#cookie;
    return again;
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = {
      ...this.headersOfPage,
      ...init.headers,
      ...(this.#cookie ? { cookie: this.#cookie } : {}),
    };
    const response = await fetch(`${this.web}${path}`, { ...init, headers });
    const cookie = response.headers.getSetCookie()[0]?.split(';')[0];
    if (cookie) this.#cookie = cookie;
    return response;
  }
}

/** A program with an API key. */
export class KeyHolder extends Sender {
  readonly #key: string;

  constructor(web: string, key: string) {
    super(web);
    this.#key = key;
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${this.#key}` };
    return fetch(`${this.web}${path}`, { ...init, headers });
  }
}

function expectStatus(response: Response, status: number): void {
  if (response.status !== status)
    throw new Error(`${response.url} answered ${response.status}, not ${status}.`);
}
