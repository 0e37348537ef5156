import { z } from 'zod';
import { derivedForm, storedForm } from './derived-text.ts';
import type { FailureCode } from './errors.ts';
import type { JobClass, Source } from './job.ts';
import { type IgnoredName, objectNameProblem, webOwner, whyIgnored } from './object-names.ts';
import { isOperationName, mostOperations, operationNames, optionsFor, parseOptions } from './operations.ts';
import { matchingRule, type SourceRule } from './source-rules.ts';
import { mostIndexedBytes, mostNameBytes, shownText, storableText, textProblem } from './text.ts';

/** Within what a database can hold, objectives of a month included. */
const creationTime = z.date().min(new Date(0)).max(new Date('9000-01-01T00:00:00Z'));
/** Characters of a generation, which becomes a part of results' names. */
const mostGeneration = 64;

/**
 * What routing needs to know of an object that is complete. What a stranger chose is any text here: `readUpload` says
 * what of it cannot be stored.
 */
export const finalizedObjectSchema = z.object({
  /** Bytes: the longest name with dots. */
  bucket: storableText(222).min(1),
  name: z.string().min(1),
  /** Names one version of the object's content. The store chose it; nothing is read out of it. */
  generation: z
    .string()
    .min(1)
    .max(mostGeneration)
    .regex(/^[\w-]+$/),
  /** Bytes. */
  size: z.int().min(0),
  contentType: z.string().nullish(),
  timeCreated: creationTime,
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type FinalizedObject = z.infer<typeof finalizedObjectSchema>;

/** Most bytes of a stranger's text that a sentence quotes. */
const mostQuotedBytes = 100;

export interface Refusal {
  code: FailureCode;
  message: string;
}

/**
 * Who has written an object, as its bucket tells. The site's account alone writes to the bucket of the site's uploads.
 * Anybody may be an integrator, for whom the admin's rules count.
 */
export type Sender = { kind: 'site' } | { kind: 'integrator'; rules: SourceRule[] };

/** One job that an upload asks for. With a `refusal`, it can only be recorded as failed. */
export interface RequestedJob {
  operation: string;
  options: Record<string, unknown>;
  refusal: Refusal | null;
}

export type UploadRequest =
  | { kind: 'ignored'; why: IgnoredName }
  | {
      kind: 'jobs';
      source: Source;
      owner: string | null;
      class: JobClass;
      batch: string | null;
      batchSize: number | null;
      batchIndex: number | null;
      upload: string | null;
      /** The prefix of the source rule that the upload follows; null where it follows none. */
      rulePrefix: string | null;
      jobs: RequestedJob[];
    };

/**
 * Reads the jobs that an uploaded object asks for. An integrator's operations come from the custom metadata
 * `operation`, else from the matching source rule, else from the first folder of the name; the options come from the
 * metadata or the rule, and the owner from the rule alone. For the site's objects, the metadata names operations and
 * options, and the first folder is the owner. So an owner never comes from what a stranger can write.
 * All text in the answer can be stored. If the object's own name cannot, the answer has a name derived from it. Its jobs
 * are refused then, and also if other text that came with the object cannot be stored.
 */
export function readUpload(object: FinalizedObject, sender: Sender): UploadRequest {
  const metadata = object.metadata ?? {};
  const why = whyIgnored(object.name);
  // An operation in the metadata is meant, even if the object is named like a result.
  if (why && !(why === 'own_result' && metadata.operation !== undefined)) return { kind: 'ignored', why };
  const rule = sender.kind === 'integrator' ? matchingRule(sender.rules, object.name) : null;
  const named = storedSource(object);
  const text = readText(object, metadata);
  const operations = requestedOperations(object.name, metadata, rule, sender);
  const options = requestedOptions(metadata, rule);
  return {
    kind: 'jobs',
    source: {
      ...named,
      size: object.size,
      contentType: text.contentType,
      timeCreated: object.timeCreated,
      pixels: wholeNumber(metadata.pixels),
    },
    owner: sender.kind === 'site' ? webOwner(named.name) : (rule?.owner ?? null),
    class: rule?.class ?? 'interactive',
    batch: text.batch,
    batchSize: wholeNumber(metadata['batch-size']),
    batchIndex: indexOf(metadata['batch-index']),
    upload: text.upload,
    rulePrefix: rule?.prefix ?? null,
    jobs: [
      ...operations
        .slice(0, mostOperations)
        .map((operation) =>
          text.problem === null
            ? requestedJob(operation, options)
            : refused(operation, 'invalid_text', text.problem),
        ),
      ...tooMany(operations.slice(mostOperations)),
    ],
  };
}

/** One refused job for all operations beyond the limit, so that metadata cannot make thousands of jobs. */
function tooMany(operations: string[]): RequestedJob[] {
  if (operations.length === 0) return [];
  const message = `An upload may ask for ${mostOperations} operations. It asks for ${operations.length} more, which are not done; upload it again with those.`;
  return [refused(operations.join(','), 'too_many_operations', message)];
}

/** Bucket, name and generation as the job documents have them. */
export function storedSource({
  bucket,
  name,
  generation,
}: FinalizedObject): Pick<Source, 'bucket' | 'name' | 'generation'> {
  return { bucket, name: storableName(name), generation };
}

function storableName(name: string): string {
  return objectNameProblem(name) === null ? name : derivedForm(name, mostNameBytes);
}

/** Text that came with the object beside operations and options. Null if it is missing or cannot be stored. */
interface CarriedText {
  contentType: string | null;
  batch: string | null;
  upload: string | null;
  /** Sentences about text that cannot be stored; null if all can. */
  problem: string | null;
}

function readText({ name, contentType }: FinalizedObject, metadata: Record<string, string>): CarriedText {
  const problems: string[] = [];
  const storable = (what: string, value: string | null | undefined) => {
    const problem = value == null ? null : textProblem(value, mostIndexedBytes);
    if (problem === null) return value ?? null;
    problems.push(`${what} ${problem}.`);
    return null;
  };
  const nameProblem = objectNameProblem(name);
  if (nameProblem !== null) problems.push(`The object’s name ${nameProblem}.`);
  const read = {
    contentType: storable('The content type', contentType),
    batch: storable('The custom metadata "batch"', metadata.batch),
    upload: storable('The custom metadata "upload"', metadata.upload),
  };
  return { ...read, problem: problems.length > 0 ? problems.join(' ') : null };
}

function requestedOperations(
  name: string,
  metadata: Record<string, string>,
  rule: SourceRule | null,
  sender: Sender,
): string[] {
  const named = splitNames(metadata.operation ?? '');
  if (named.length > 0) return named;
  if (rule) return rule.operations;
  const slash = name.indexOf('/');
  return [slash > 0 && sender.kind === 'integrator' ? name.slice(0, slash) : ''];
}

/** Reads an uploader's figure. It only helps to predict, so a wrong value is ignored. */
function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
}

/** The place of a file in its drop, from 0. It only orders, so a wrong value is ignored. */
function indexOf(text: string | undefined): number | null {
  return text === '0' ? 0 : wholeNumber(text);
}

function splitNames(list: string): string[] {
  const names = list.split(',').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))];
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

function refused(operation: string, code: FailureCode, message: string): RequestedJob {
  return { operation: storedForm(operation, mostNameBytes), options: {}, refusal: { code, message } };
}

function unknownOperation(operation: string): string {
  const known = operationNames.join(', ');
  return operation === ''
    ? `The object names no operation. Set the custom metadata "operation", or upload under a folder named like one of: ${known}.`
    : `There is no operation "${shownText(operation, mostQuotedBytes)}". Known operations: ${known}.`;
}
