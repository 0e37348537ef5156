import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { PermanentError } from '@spillway/core/errors.ts';
import { readModelJson } from '@spillway/models/blip/checkpoint.ts';
import type { TextConfig } from '@spillway/models/blip/config.ts';
import { z } from 'zod';

export interface CaptionTokenizer {
  /**
   * The ids that generation starts from, as `BlipForConditionalGeneration.generate` makes them: the prompt between
   * [CLS] and [SEP], the first replaced by the start id, the last dropped. Without a prompt the start id alone.
   */
  promptIds(prompt: string): number[];
  /** The text of ids, without special tokens, as transformers' `decode(ids, skip_special_tokens=True)`. */
  text(ids: number[]): string;
}

/**
 * Reads tokenizer.json and, where there is one, tokenizer_config.json.
 * @throws PermanentError `model_invalid`.
 */
export async function loadTokenizer(directory: string, config: TextConfig): Promise<CaptionTokenizer> {
  const path = join(directory, 'tokenizer.json');
  const { tokenizer, cleanUp } = await readTokenizer(path, directory);
  return {
    promptIds(prompt) {
      if (prompt === '') return [config.bos_token_id];
      const ids: number[] = tokenizer.encode(prompt).ids;
      if (ids.some((id) => id >= config.vocab_size)) {
        const message = `${path} has ids beyond the ${config.vocab_size} that config.json gives the model.`;
        throw new PermanentError('model_invalid', message);
      }
      return [config.bos_token_id, ...ids.slice(1, -1)];
    },
    text(ids) {
      // BLIP's start id is not in the tokenizer.json of bert-base-uncased, and transformers skips such ids.
      const known = ids.filter((id) => tokenizer.id_to_token(id) !== undefined);
      if (known.length === 0) return '';
      return tokenizer.decode(known, { skip_special_tokens: true, clean_up_tokenization_spaces: cleanUp });
    },
  };
}

/** The default, equal to the real checkpoint's file, so that its weights and tokenizer.json are enough. */
const realTokenizerConfig = { clean_up_tokenization_spaces: true };

/** What holds where tokenizer_config.json does not say; the real checkpoint's says true. */
const tokenizerConfigSchema = z.object({ clean_up_tokenization_spaces: z.boolean().default(false) });

async function readTokenizer(path: string, directory: string) {
  const json = await readModelJson(path);
  const configPath = join(directory, 'tokenizer_config.json');
  const config = existsSync(configPath) ? await readModelJson(configPath) : realTokenizerConfig;
  try {
    const { clean_up_tokenization_spaces: cleanUp } = tokenizerConfigSchema.parse(config);
    return {
      tokenizer: new Tokenizer(z.looseObject({}).parse(json), z.looseObject({}).parse(config)),
      cleanUp,
    };
  } catch (error) {
    throw new PermanentError('model_invalid', `${path} does not describe a tokenizer.`, { cause: error });
  }
}
