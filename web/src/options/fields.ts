import { manifestOf, type OperationName } from '@spillway/core/operations.ts';
import { z } from 'zod';
import { type Property, propertyOf } from './option-property.ts';

/** How one option of an operation is asked for. */
export type OptionField = {
  key: string;
  label: string;
  hint: string | null;
  /** Few people need it, so it is folded away. */
  advanced: boolean;
} & (
  | { kind: 'choice'; choices: string[]; initial: string }
  | { kind: 'range'; min: number; max: number; step: number; initial: number }
  | { kind: 'number'; min: number | null; max: number | null; integer: boolean; initial: number }
  | { kind: 'switch'; initial: boolean }
  | { kind: 'text'; longest: number | null; initial: string }
  /** `#rrggbb`; where the colour is optional, the empty string means none. */
  | { kind: 'colour'; optional: boolean; initial: string }
);

/** A range of more integers than this gets a text field instead of a slider. */
const longestSlider = 1_000;

/**
 * The form of an operation's options, derived from its schema, so that a new option needs no code here. Options that
 * a form cannot ask for are left out: they have defaults.
 */
export function optionFields(options: z.ZodObject, advanced: readonly string[] = []): OptionField[] {
  return Object.entries(options.shape).flatMap(([key, schema]) => {
    const base = { key, label: optionLabel(key), advanced: advanced.includes(key) };
    const field = optionField(base, propertyOf(schema), (value) => accepts(options, key, value));
    return field ? [field] : [];
  });
}

const forms = new Map<OperationName, OptionField[]>();

/** The form of an operation's options. It is derived once: it tries out which values an option takes. */
export function fieldsOf(operation: OperationName): OptionField[] {
  const known = forms.get(operation);
  if (known) return known;
  const { options, advancedOptions } = manifestOf(operation);
  const fields = optionFields(options, advancedOptions);
  forms.set(operation, fields);
  return fields;
}

type Test = (value: unknown) => boolean;

function optionField(
  named: Pick<OptionField, 'key' | 'label' | 'advanced'>,
  { type, description, initial }: Property,
  valid: Test,
): OptionField | null {
  const base = { ...named, hint: description };
  switch (type.kind) {
    case 'choice':
      return {
        ...base,
        kind: 'choice',
        choices: type.choices,
        initial: String(initial ?? type.choices[0]),
      };
    case 'switch':
      return { ...base, kind: 'switch', initial: initial === true };
    case 'text': {
      const text = String(initial ?? '');
      // The description says how a colour is written, which its control makes unnecessary.
      return takesColours(valid)
        ? { ...base, hint: null, kind: 'colour', optional: valid(''), initial: text }
        : { ...base, kind: 'text', longest: type.longest, initial: text };
    }
    case 'number': {
      const { min, max, integer } = type;
      const start = typeof initial === 'number' ? initial : (min ?? 0);
      const steps = integer && min !== null && max !== null ? evenSteps(min, max, valid) : null;
      return steps
        ? { ...base, kind: 'range', ...steps, initial: start }
        : { ...base, kind: 'number', min, max, integer, initial: start };
    }
    case 'other':
      return null;
    default:
      return type satisfies never;
  }
}

/** Finds the integers that a schema accepts, because a refinement ('must be odd') is not in its JSON Schema. */
function evenSteps(min: number, max: number, valid: Test): { min: number; max: number; step: number } | null {
  if (max - min > longestSlider) return null;
  const taken: number[] = [];
  for (let value = min; value <= max; value += 1) if (valid(value)) taken.push(value);
  const [first, second] = taken;
  const last = taken.at(-1);
  if (first === undefined || second === undefined || last === undefined) return null;
  const step = second - first;
  const even = taken.every((value, index) => value === first + index * step);
  return even ? { min: first, max: last, step } : null;
}

/** True for a string that must be a colour. It is tried out for the same reason. */
function takesColours(valid: Test): boolean {
  return valid('#1e90ff') && !['1e90ff', '#1e90f', 'a word'].some(valid);
}

function accepts(options: z.ZodObject, key: string, value: unknown): boolean {
  const schema = options.shape[key];
  return schema !== undefined && z.safeParse(schema, value).success;
}

/** `minLength` is shown as `Min length`. */
export function optionLabel(key: string): string {
  const words = key
    .replace(/[-_]/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
