import { isFault } from './faults.ts';
import { type Redaction, redacted } from './redact.ts';

/** Limits of a line, far below the 256 KiB that Cloud Logging takes. @see https://cloud.google.com/logging/quotas */
const most = {
  depth: 5,
  entries: 40,
  text: 2_000,
  stack: 4_000,
  code: 100,
  causes: 3,
  searched: 100_000,
} as const;

/** A value as a line may have it: without secrets, cycles and excess. */
export type Loggable =
  | string
  | number
  | boolean
  | null
  | undefined
  | Loggable[]
  | { [name: string]: Loggable };

/** Fields as a line may have them. Never throws, whatever they are. */
export function loggableFields(fields: object, redaction: Redaction): Record<string, Loggable> {
  return entriesOf(fields, redaction, [fields]);
}

/** Text without secrets and of a bounded length. */
export function loggableText(text: string, redaction: Redaction, length: number = most.text): string {
  // What is far behind the part that is written is not searched for secrets.
  const clean = redaction.text(text.slice(0, most.searched));
  const isCut = clean.length > length || text.length > most.searched;
  return isCut ? `${clean.slice(0, length)} … (${text.length} characters)` : clean;
}

/** The stack of an error, with its class and message in the first line; null where it has none. */
export function loggableStack(error: Error, redaction: Redaction): string | null {
  return typeof error.stack === 'string' ? loggableText(error.stack, redaction, most.stack) : null;
}

function loggable(value: unknown, redaction: Redaction, above: readonly unknown[]): Loggable {
  switch (typeof value) {
    case 'string':
      return loggableText(value, redaction);
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : loggableObject(value, redaction, above);
    default:
      // A function or a symbol says nothing.
      return undefined;
  }
}

function loggableObject(value: object, redaction: Redaction, above: readonly unknown[]): Loggable {
  if (above.includes(value)) return '[circular]';
  if (value instanceof Error) return errorFields(value, redaction, most.causes);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof URL) return loggableText(value.href, redaction);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (above.length > most.depth) return '[…]';
  const path = [...above, value];
  if (value instanceof Map) return loggableObject(Object.fromEntries(value), redaction, above);
  const list = value instanceof Set ? [...value] : value;
  if (!Array.isArray(list)) return entriesOf(list, redaction, path);
  const shown = list
    .slice(0, most.entries)
    .map((each, at) => (isSecretElement(list, at, redaction) ? redacted : loggable(each, redaction, path)));
  return list.length > shown.length ? [...shown, `… (${list.length} entries)`] : shown;
}

/** Whether an element follows the name of a secret, as in a list of names and values of headers. */
function isSecretElement(list: readonly unknown[], at: number, redaction: Redaction): boolean {
  const before: unknown = list[at - 1];
  return typeof before === 'string' && isText(list[at]) && redaction.isBareSecretName(before);
}

/** Whether an object has the name of a secret beside this field, which is its value. */
function isValueOfSecret(fields: object, field: string, redaction: Redaction): boolean {
  if (field !== 'value') return false;
  return ['name', 'key'].some((each) => {
    const name: unknown = Reflect.get(fields, each);
    return typeof name === 'string' && redaction.isBareSecretName(name);
  });
}

/** Whether a value is text, or can have some in it. */
function isText(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

function entriesOf(
  fields: object,
  redaction: Redaction,
  above: readonly unknown[],
): Record<string, Loggable> {
  const entries: Record<string, Loggable> = {};
  for (const name of Object.keys(fields).slice(0, most.entries)) {
    entries[loggableText(name, redaction)] = entryOf(fields, name, redaction, above);
  }
  return entries;
}

function entryOf(fields: object, name: string, redaction: Redaction, above: readonly unknown[]): Loggable {
  try {
    const value: unknown = Reflect.get(fields, name);
    const isSecret = redaction.isSecretName(name) || isValueOfSecret(fields, name, redaction);
    return isText(value) && isSecret ? redacted : loggable(value, redaction, above);
  } catch {
    // A getter that throws has nothing to say.
    return undefined;
  }
}

/** An error and its causes. Only what nobody expected has its stack: a refusal or an outage is told by its message. */
function errorFields(error: Error, redaction: Redaction, causes: number): Loggable {
  const { name, message, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return {
    type: loggableText(String(name), redaction),
    message: loggableText(String(message), redaction),
    code: codeOf(code, redaction),
    stack: isFault(error) ? (loggableStack(error, redaction) ?? undefined) : undefined,
    cause: causes > 0 && cause !== undefined ? causeOf(cause, redaction, causes - 1) : undefined,
  };
}

/** A server's answer may be in a code, so that it is as little trusted as a message. */
function codeOf(code: unknown, redaction: Redaction): Loggable {
  if (typeof code === 'number') return code;
  return typeof code === 'string' ? loggableText(code, redaction, most.code) : undefined;
}

function causeOf(cause: unknown, redaction: Redaction, causes: number): Loggable {
  return cause instanceof Error ? errorFields(cause, redaction, causes) : loggable(cause, redaction, []);
}
