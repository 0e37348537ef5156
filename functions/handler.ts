import type { IncomingHttpHeaders } from 'node:http';

/** What the functions use of a request. */
export interface FunctionRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  /** The same, each as often as it came. Of some, such as `authorization`, `headers` has only the first. */
  headersDistinct: NodeJS.Dict<string[]>;
  query: unknown;
  /** As its content type says. */
  body: unknown;
  /** The bytes of the body, where there is one. */
  rawBody?: Buffer | undefined;
}

/** What the functions use of an answer. */
export interface FunctionResponse {
  set(header: string, value: string): FunctionResponse;
  status(code: number): FunctionResponse;
  json(value: unknown): FunctionResponse;
  /** @param text The body; none where it is left out. */
  end(text?: string): unknown;
}

/** A function, whatever framework serves it: `main.ts` chooses that. It answers 5xx where this rejects. */
export type FunctionHandler = (request: FunctionRequest, response: FunctionResponse) => Promise<void>;
