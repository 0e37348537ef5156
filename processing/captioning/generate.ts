import { PermanentError } from '@spillway/core/errors.ts';
import type { Decoding } from './blip-model.ts';

/** Names and meanings are those of transformers' GenerationConfig. */
export interface GenerationOptions {
  /** 1 is greedy. */
  beams: number;
  /** Minimum of ids, including the start id and the prompt. The end id cannot come before that. */
  minLength: number;
  /** Maximum of ids, including the start id and the prompt. */
  maxLength: number;
  /** Above 1, ids that occurred become less likely. */
  repetitionPenalty: number;
}

export interface GeneratedSequence {
  /** Start id, prompt, caption and, if the caption ended by itself, the end id. */
  ids: number[];
  /** Sum of the generated ids' log-probabilities, divided by their count. */
  score: number;
}

/**
 * Continues a prompt as transformers' `generate` does without sampling (generation/utils.py of 5.18: `_sample` with
 * do_sample off, and `_beam_search` with length_penalty 1 and early_stopping off).
 * @param prompt At least the start id, and fewer ids than `maxLength`.
 * @param end The id that ends a sequence.
 * @returns The best sequences, `beams` of them, best first.
 * @throws PermanentError `model_invalid` if the model's output is not numbers.
 */
export async function generate(
  decoding: Decoding,
  prompt: number[],
  end: number,
  options: GenerationOptions,
): Promise<GeneratedSequence[]> {
  const search = options.beams === 1 ? greedySearch : beamSearch;
  return await search(decoding, prompt, end, options);
}

/** As in transformers, penalties act on the logits here, and on log-probabilities in beam search. */
async function greedySearch(
  decoding: Decoding,
  prompt: number[],
  end: number,
  options: GenerationOptions,
): Promise<GeneratedSequence[]> {
  const ids = [...prompt];
  let fresh = prompt;
  let sum = 0;
  do {
    const [logits] = (await decoding.step([fresh], [0])) as [Float32Array];
    const unpenalised = options.repetitionPenalty === 1 ? logits : logits.slice();
    const normaliser = logSumExp(unpenalised);
    penalise(logits, ids, end, options);
    const next = indexOfLargest(logits);
    sum += (unpenalised[next] as number) - normaliser;
    ids.push(next);
    fresh = [next];
  } while (fresh[0] !== end && ids.length < options.maxLength);
  return [{ ids, score: sum / (ids.length - prompt.length) }];
}

interface Candidate {
  /** Which running sequence it continues. */
  parent: number;
  id: number;
  /** Sum of log-probabilities, in 32-bit floats as torch adds them. */
  sum: number;
}

interface Beam {
  ids: number[];
  sum: number;
}

async function beamSearch(
  decoding: Decoding,
  prompt: number[],
  end: number,
  options: GenerationOptions,
): Promise<GeneratedSequence[]> {
  const { beams, maxLength } = options;
  let running: Beam[] = [{ ids: prompt, sum: 0 }];
  let fresh = [prompt];
  let parents = [0];
  let finished: GeneratedSequence[] = [];
  for (let generated = 1; ; generated++) {
    const logits = await decoding.step(fresh, parents);
    for (const [index, row] of logits.entries()) {
      toLogProbabilities(row);
      penalise(row, (running[index] as Beam).ids, end, options);
    }
    // Twice the number of beams, because each beam may end and `beams` must continue.
    const candidates = bestContinuations(logits, running, 2 * beams);
    const full = prompt.length + generated >= maxLength;
    const ends = ({ id }: Candidate) => full || id === end;
    const extend = ({ parent, id }: Candidate) => [...(running[parent] as Beam).ids, id];

    // A sequence that ends outside the best `beams` is lost.
    const ended = candidates.slice(0, beams).filter(ends);
    const scored = ended.map((candidate) => ({ ids: extend(candidate), score: candidate.sum / generated }));
    finished = [...finished, ...scored].sort((a, b) => b.score - a.score).slice(0, beams);
    if (full) return finished;

    const continued = candidates.filter((candidate) => !ends(candidate)).slice(0, beams);
    running = continued.map((candidate) => ({ ids: extend(candidate), sum: candidate.sum }));
    fresh = continued.map(({ id }) => [id]);
    parents = continued.map(({ parent }) => parent);
    if (finished.length === beams && !canImprove(running, finished, generated)) return finished;
  }
}

/** Whether the best running sequence, if it ended now, would beat the worst finished one. */
function canImprove(running: Beam[], finished: GeneratedSequence[], generated: number): boolean {
  const best = (running[0] as Beam).sum / generated;
  const worst = (finished.at(-1) as GeneratedSequence).score;
  return best > worst;
}

/** The `count` best of all running sequences' continuations, best first. */
function bestContinuations(rows: Float32Array[], running: Beam[], count: number): Candidate[] {
  const best: Candidate[] = [];
  for (const [parent, row] of rows.entries()) {
    const { sum: parentSum } = running[parent] as Beam;
    let threshold = best.length < count ? Number.NEGATIVE_INFINITY : (best.at(-1) as Candidate).sum;
    for (let id = 0; id < row.length; id++) {
      const sum = Math.fround((row[id] as number) + parentSum);
      if (sum <= threshold) continue;
      insert(best, { parent, id, sum });
      if (best.length > count) best.pop();
      if (best.length === count) threshold = (best.at(-1) as Candidate).sum;
    }
  }
  return best;
}

function insert(sorted: Candidate[], candidate: Candidate): void {
  const place = sorted.findIndex(({ sum }) => sum < candidate.sum);
  sorted.splice(place === -1 ? sorted.length : place, 0, candidate);
}

/** transformers' RepetitionPenaltyLogitsProcessor and MinLengthLogitsProcessor, in this order, in place. */
function penalise(scores: Float32Array, ids: number[], end: number, options: GenerationOptions): void {
  const { repetitionPenalty, minLength } = options;
  if (repetitionPenalty !== 1) {
    for (const id of new Set(ids)) {
      const score = scores[id] as number;
      scores[id] = score < 0 ? score * repetitionPenalty : score / repetitionPenalty;
    }
  }
  if (ids.length < minLength) scores[end] = Number.NEGATIVE_INFINITY;
}

function toLogProbabilities(logits: Float32Array): void {
  const normaliser = logSumExp(logits);
  for (let id = 0; id < logits.length; id++) logits[id] = (logits[id] as number) - normaliser;
}

/** @throws PermanentError `model_invalid` if one of them is NaN, which comparisons would not notice. */
function logSumExp(logits: Float32Array): number {
  const largest = logits[indexOfLargest(logits)] as number;
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += Math.exp((logits[id] as number) - largest);
  if (Number.isNaN(sum)) {
    throw new PermanentError('model_invalid', 'The model’s weights are damaged: what it says is no numbers.');
  }
  return largest + Math.log(sum);
}

/** The first of equals. */
function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) {
    if ((values[index] as number) > (values[best] as number)) best = index;
  }
  return best;
}
