import { basename } from 'node:path';
import type { InstalledSaliencyModel } from '@spillway/models/installed.ts';
import { saliencyForms } from '@spillway/models/saliency-forms.ts';
import { statementPath } from '@spillway/models/saliency-statement.ts';
import type { Samples } from '../samples.ts';
import type { Finding } from './mask.ts';

/** Notes that a model's licence requires, and a note if its form was guessed. */
export function notesOnModel(
  { name, path, isGuess, notice }: InstalledSaliencyModel,
  side: number,
): string[] {
  const notes = notice ? [notice] : [];
  if (!isGuess || side === saliencyForms.u2net.input.side) return notes;
  const guess = `Nothing says how the model ${name} wants its input, so it was given as to a U²-Net`;
  const doubt = `though ${side} pixels a side are more like another net’s`;
  return [...notes, `${guess}, ${doubt}. ${sayForm(path)}`];
}

function sayForm(path: string): string {
  return `Say it with --model-input, or in ${basename(statementPath(path))} beside the model.`;
}

/** Share of the pixels below which a mask keeps nothing visible. */
const leastKept = 0.0005;

/**
 * Notes on a result that is empty or noise, which otherwise would look like a success.
 * @param mask The kept part, at the net's size.
 */
export function notesOnMask(
  found: Finding,
  mask: Samples,
  { path, isGuess }: InstalledSaliencyModel,
): string[] {
  const advice = isGuess ? ` ${sayForm(path)}` : '';
  if (found.kind === 'mask' && found.isFlat) {
    return [`Nothing stands out in this picture: the model’s map of it is nearly flat.${advice}`];
  }
  let kept = 0;
  for (const level of mask.data) if (level >= 128) kept++;
  if (kept >= leastKept * mask.data.length) return [];
  return [`The model found almost nothing to keep in this picture.${advice}`];
}
