import { invalid } from './errors.ts';
import type { Exchange } from './exchange.ts';

type Handler = (x: Exchange) => Promise<void> | void;

interface Route {
  method: string;
  pattern: string[];
  handler: Handler;
}

/**
 * Matches paths as sent, segment by segment, and decodes each segment afterwards. An object name may contain encoded
 * slashes, dots, percent and question marks, which general-purpose routers decode or normalise too early.
 */
export class RouteTable {
  readonly #routes: Route[] = [];

  /** `:name` in a pattern matches one segment. `*name` at its end matches the rest, which must not be empty. */
  add(method: string, pattern: string, handler: Handler): void {
    this.#routes.push({ method, pattern: pattern.split('/').slice(1), handler });
  }

  /** Methods and patterns, in the order in which they are tried. */
  routes(): { method: string; pattern: string }[] {
    return this.#routes.map(({ method, pattern }) => ({ method, pattern: `/${pattern.join('/')}` }));
  }

  /** The handler for a request, with its parameters; undefined if no route fits. Throws a 400 on bad encoding. */
  find(method: string, path: string): { handler: Handler; params: Record<string, string> } | undefined {
    const segments = path.split('/').slice(1);
    for (const route of this.#routes) {
      if (route.method !== method && route.method !== '*') continue;
      const params = match(route.pattern, segments);
      if (params) return { handler: route.handler, params };
    }
    return undefined;
  }
}

function match(pattern: string[], segments: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [at, part] of pattern.entries()) {
    const segment = segments[at];
    if (segment === undefined) return undefined;
    if (part.startsWith('*')) {
      const rest = segments.slice(at).join('/');
      if (rest === '') return undefined;
      params[part.slice(1)] = decoded(rest);
      return params;
    }
    if (part.startsWith(':')) {
      if (segment === '') return undefined;
      params[part.slice(1)] = decoded(segment);
    } else if (part !== segment) return undefined;
  }
  return segments.length === pattern.length ? params : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(`The path is not valid UTF-8 when decoded: ${text}`);
  }
}
