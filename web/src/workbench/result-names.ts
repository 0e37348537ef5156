import { isOperationName } from '@spillway/core/operations.ts';
import type { Picture, PictureResult } from '../batches/batch.ts';
import { changedOptions } from '../options/chosen-options.ts';
import { fieldsOf } from '../options/fields.ts';
import { valueWords } from '../options/option-words.ts';

/** The options that a result was asked with where they are not the operation's own, in short; else that. */
export function optionsInShort({ operation, options }: PictureResult): string {
  if (!isOperationName(operation)) return '';
  const changed = changedOptions(operation, options);
  const words = fieldsOf(operation).flatMap((field) =>
    field.key in changed ? valueWords(field, changed[field.key]) : [],
  );
  return words.join(' · ');
}

/** What tells a result from the others of its operation; empty where it is the only one. */
export function resultDifference(result: PictureResult, { results }: Picture): string {
  const others = results.filter(({ operation, id }) => operation === result.operation && id !== result.id);
  if (others.length === 0) return '';
  const model = result.job?.result?.model?.name;
  const isOtherModel = others.some(({ job }) => job?.result?.model && job.result.model.name !== model);
  const words = optionsInShort(result);
  const named = isOtherModel && model && !words.includes(model) ? [model] : [];
  return [...named, words === '' ? 'as usual' : words].join(' · ');
}
