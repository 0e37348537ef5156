import { type JobView, jobPageSchema, uploadSchema } from '@spillway/web/api/schema.ts';

/** A visitor without a browser: keeps the session cookie, and uploads as the page does. */
export class Visitor {
  readonly #web: string;
  #cookie = '';

  /** `web`: the site's address. */
  constructor(web: string) {
    this.#web = web;
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { origin: this.#web, ...init.headers, ...(this.#cookie ? { cookie: this.#cookie } : {}) };
    const response = await fetch(`${this.#web}${path}`, { ...init, headers });
    const cookie = response.headers.getSetCookie()[0]?.split(';')[0];
    if (cookie) this.#cookie = cookie;
    return response;
  }

  /** Returns the upload's id. */
  async upload(fileName: string, bytes: Buffer, operations: string[] = ['sketch']): Promise<string> {
    const opened = await this.request('/api/v1/uploads', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        fileName,
        contentType: 'image/jpeg',
        size: bytes.length,
        operations,
      }),
    });
    expectStatus(opened, 201);
    const { uploadId, sessionUrl } = uploadSchema.parse(await opened.json());
    const sent = await fetch(sessionUrl, {
      method: 'PUT',
      body: new Uint8Array(bytes),
      headers: { origin: this.#web },
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

function expectStatus(response: Response, status: number): void {
  if (response.status !== status)
    throw new Error(`${response.url} answered ${response.status}, not ${status}.`);
}
