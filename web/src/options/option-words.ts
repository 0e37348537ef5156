import { countOf } from '@spillway/core/amounts.ts';
import {
  automaticModel,
  builtInModel,
  captionModels,
  nonCommercialModels,
  saliencyModels,
} from '@spillway/core/models.ts';
import type { OptionField } from './fields.ts';

const modelNames = new Set<string>([...saliencyModels, ...captionModels]);

const choiceLabels: Record<string, string> = {
  [automaticModel]: 'Auto',
  [builtInModel]: 'Built-in demo model',
  cutout: 'Cut-out',
  grabcut: 'GrabCut',
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
};

/** The label of one choice. Models keep their own names, with a note about their licences. */
export function choiceLabel(choice: string): string {
  if (nonCommercialModels.includes(choice)) return `${choice} (not for commercial use)`;
  if (modelNames.has(choice)) return choice;
  return choiceLabels[choice] ?? choice.charAt(0).toUpperCase() + choice.slice(1);
}

/** The chosen options on one line: all plain ones, and the advanced ones that were changed. */
export function summaryOf(fields: readonly OptionField[], values: Record<string, unknown>): string {
  return fields
    .filter((field) => !field.advanced || isChanged(field, values))
    .flatMap((field) => valueWords(field, values[field.key] ?? field.initial))
    .join(' · ');
}

/** `2 changed`, or nothing. */
export function changesIn(fields: readonly OptionField[], values: Record<string, unknown>): string {
  const changed = fields.filter((field) => isChanged(field, values)).length;
  return changed === 0 ? '' : countOf(changed, 'changed', 'changed');
}

function isChanged(field: OptionField, values: Record<string, unknown>): boolean {
  return values[field.key] !== undefined && values[field.key] !== field.initial;
}

/** A value in a few words; none where it switches something off. */
export function valueWords(field: OptionField, value: unknown): string[] {
  switch (field.kind) {
    case 'choice':
      return [choiceLabel(String(value))];
    case 'switch':
      return value === true ? [field.label.toLowerCase()] : [];
    case 'text':
      return value === '' ? [] : [`“${value}”`];
    case 'colour':
      return [value === '' ? 'transparent' : String(value)];
    case 'range':
    case 'number':
      // Where a figure may be 0, that switches something off.
      return value === 0 ? [] : [`${field.label.toLowerCase()} ${value}`];
    default:
      return field satisfies never;
  }
}
