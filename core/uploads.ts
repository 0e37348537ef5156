import { z } from 'zod';
import type { FailureCode } from './errors.ts';
import { instant, type JobClass, type Source } from './job.ts';
import { isIgnored, webOwner } from './object-names.ts';
import { isOperationName, operationNames, parseOptions } from './operations.ts';
import { matchingRule, type SourceRule } from './source-rules.ts';

/** The part of a finalized object's resource that routing needs (`google.cloud.storage.object.v1.finalized`). */
export const finalizedObjectSchema = z.object({
  bucket: z.string().min(1),
  name: z.string().min(1),
  generation: z.coerce.string().regex(/^\d+$/),
  /** Cloud Storage sends 64-bit numbers as strings. */
  size: z.coerce.number().min(0),
  contentType: z.string().nullish(),
  timeCreated: instant,
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type FinalizedObject = z.infer<typeof finalizedObjectSchema>;

/** Of one upload; what is named beyond it is not looked at, so that metadata cannot make thousands of jobs. */
const mostOperations = 16;

export interface Refusal {
  code: FailureCode;
  message: string;
}

/** One job that an upload asks for; `refusal` where it can only be recorded as failed. */
export interface RequestedJob {
  operation: string;
  options: Record<string, unknown>;
  refusal: Refusal | null;
}

export type UploadRequest =
  | { kind: 'ignored' }
  | {
      kind: 'jobs';
      source: Source;
      owner: string | null;
      class: JobClass;
      batch: string | null;
      batchSize: number | null;
      upload: string | null;
      jobs: RequestedJob[];
    };

/**
 * What an uploaded object asks for. Its operations come from the custom metadata `operation`, else from the first
 * matching source rule, else from the first folder of its name; its options likewise. The owner never comes from
 * what a stranger can write: only from a rule, or from the `web/<owner>/` prefix.
 */
export function readUpload(object: FinalizedObject, rules: SourceRule[]): UploadRequest {
  if (isIgnored(object.name)) return { kind: 'ignored' };
  const rule = matchingRule(rules, object.name);
  const fromSite = webOwner(object.name);
  const metadata = object.metadata ?? {};
  const operations = requestedOperations(object.name, metadata, rule, fromSite !== null);
  const options = requestedOptions(metadata, rule);
  return {
    kind: 'jobs',
    source: {
      bucket: object.bucket,
      name: object.name,
      generation: object.generation,
      size: object.size,
      contentType: object.contentType ?? null,
      timeCreated: object.timeCreated,
      pixels: wholeNumber(metadata.pixels),
    },
    owner: fromSite ?? rule?.owner ?? null,
    class: rule?.class ?? 'interactive',
    batch: metadata.batch ?? null,
    batchSize: wholeNumber(metadata['batch-size']),
    upload: metadata.upload ?? null,
    jobs: operations.map((operation) => requestedJob(operation, options)),
  };
}

function requestedOperations(
  name: string,
  metadata: Record<string, string>,
  rule: SourceRule | null,
  fromSite: boolean,
): string[] {
  const named = splitNames(metadata.operation ?? '');
  if (named.length > 0) return named;
  if (rule) return rule.operations;
  const slash = name.indexOf('/');
  return [slash > 0 && !fromSite ? name.slice(0, slash) : ''];
}

/** What an uploader says of sizes only helps to predict: what is no number is as good as nothing. */
function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
}

function splitNames(list: string): string[] {
  const names = list.split(',').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))].slice(0, mostOperations);
}

type RequestedOptions = { kind: 'options'; value: unknown } | { kind: 'invalid'; message: string };

function requestedOptions(metadata: Record<string, string>, rule: SourceRule | null): RequestedOptions {
  if (metadata.options === undefined) return { kind: 'options', value: rule?.options ?? {} };
  try {
    return { kind: 'options', value: JSON.parse(metadata.options) };
  } catch {
    return { kind: 'invalid', message: 'The custom metadata "options" is not valid JSON.' };
  }
}

function requestedJob(operation: string, requested: RequestedOptions): RequestedJob {
  if (!isOperationName(operation)) {
    return refused(operation, 'unknown_operation', unknownOperation(operation));
  }
  if (requested.kind === 'invalid') return refused(operation, 'invalid_options', requested.message);
  const parsed = parseOptions(operation, optionsFor(operation, requested.value));
  if (!parsed.ok) return refused(operation, 'invalid_options', parsed.message);
  return { operation, options: parsed.options, refusal: null };
}

/** Options keyed by operation (`{"sketch": {"blur": 15}}`) serve an upload that asks for several. */
function optionsFor(operation: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  if (keys.length === 0 || !keys.every(isOperationName)) return value;
  return (value as Record<string, unknown>)[operation] ?? {};
}

function refused(operation: string, code: FailureCode, message: string): RequestedJob {
  return { operation, options: {}, refusal: { code, message } };
}

function unknownOperation(operation: string): string {
  const known = operationNames.join(', ');
  return operation === ''
    ? `The object names no operation. Set the custom metadata "operation", or upload under a folder named like one of: ${known}.`
    : `There is no operation "${operation.slice(0, 100)}". Known operations: ${known}.`;
}
