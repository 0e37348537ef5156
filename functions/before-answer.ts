import type { FunctionHandler, FunctionResponse } from './handler.ts';

/**
 * The function, with something that is done before its answer goes out: an instance of Cloud Run has hardly any
 * processor time afterwards, and none between requests.
 * @param work Bounded in time. Never rejects.
 */
export function beforeAnswer(handler: FunctionHandler, work: () => Promise<unknown>): FunctionHandler {
  return async (request, response) => {
    const answer = Promise.withResolvers<() => unknown>();
    const held: FunctionResponse = {
      set(header, value) {
        response.set(header, value);
        return held;
      },
      status(code) {
        response.status(code);
        return held;
      },
      json(value) {
        answer.resolve(() => response.json(value));
        return held;
      },
      end: (text) => answer.resolve(() => response.end(text)),
    };
    await handler(request, held);
    // A handler that has resolved has answered.
    const send = await answer.promise;
    await work();
    send();
  };
}
