import {
  type SaliencyStatement,
  saliencyStatementSchema,
  statementProblem,
} from '@spillway/models/saliency-statement.ts';
import { UsageError } from './usage-error.ts';

/**
 * Reads `--model-input`: `isnet`, `side=1024,mean=0.5,std=1`, or `isnet,side=512`. `mean=0.485:0.456:0.406` gives each
 * of the three channels a value of its own.
 * @throws UsageError
 */
export function readModelInput(text: string): SaliencyStatement {
  const entries = text.split(',').map((part, index) => {
    const [key = '', ...values] = part.trim().split('=');
    if (values.length === 0 && index === 0) return ['like', key];
    return [key, figuresOf(key, values.join('='))];
  });
  const parsed = saliencyStatementSchema.safeParse(Object.fromEntries(entries));
  if (parsed.success) return parsed.data;
  throw new UsageError(`--model-input ${text} ${statementProblem(parsed.error)}.`);
}

/** Text that is not a number is returned unchanged, so that the schema says what it expected. */
function figuresOf(key: string, text: string): unknown {
  if (!['side', 'mean', 'std'].includes(key)) return text;
  const numbers = text.split(':').map((part) => (part.trim() === '' ? part : Number(part)));
  return numbers.length === 1 ? numbers[0] : numbers;
}
