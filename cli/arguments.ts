import { textProblem } from '@spillway/core/text.ts';
import { UsageError } from './usage-error.ts';

/** The longest argument that Linux allows, in bytes. */
const mostArgumentBytes = 131_072;

const flagsOfPaths = [
  '--out',
  '--model-file',
  '--model-dir',
  '--from',
  '--stack',
  '--data',
  '--models',
  '--to',
];

/**
 * Arguments in a form that cac reads correctly. `-` becomes the device that it means. A path that looks like a number
 * gets `./` before it, because cac makes 7 of `007`; so does a path after `--` that looks like a flag.
 * @throws UsageError for text that is not well-formed Unicode.
 */
export function plainArguments(args: readonly string[]): string[] {
  for (const text of args) checkText(text);
  const end = args.indexOf('--');
  const flags = end === -1 ? args : args.slice(0, end);
  const paths = end === -1 ? [] : args.slice(end + 1);
  return [...joined(flags), ...paths.map((text) => (text.startsWith('-') ? `./${text}` : text))];
}

/** Joins the value of a path's flag to the flag itself, because cac takes `--out -` for a missing value. */
function joined(args: readonly string[]): string[] {
  const plain: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const text = args[at] ?? '';
    const next = args[at + 1];
    const [name = '', ...rest] = text.split('=');
    if (flagsOfPaths.includes(name) && rest.length > 0) plain.push(`${name}=${pathOf(rest.join('='))}`);
    else if (flagsOfPaths.includes(text) && next !== undefined && (next === '-' || !next.startsWith('-'))) {
      plain.push(`${text}=${pathOf(next)}`);
      at++;
    } else plain.push(text === '-' ? '/dev/stdin' : text);
  }
  return plain;
}

function pathOf(text: string): string {
  if (text === '-') return '/dev/stdout';
  return text.trim() !== '' && Number.isFinite(Number(text)) ? `./${text}` : text;
}

function checkText(text: string): void {
  const problem = textProblem(text, mostArgumentBytes);
  if (problem) throw new UsageError(`An argument ${problem}: ${printable(text)}`);
}

/** What is not seen, or changes how the rest is seen: controls, overrides of the direction, marks of no width, breaks. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Joins emoji into one, such as a family. Between others it is escaped. */
const joiner = /(?<=\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?)\u200d(?=\p{Extended_Pictographic})/u;

/** Text for one line of a terminal: what is not seen there and broken Unicode are shown as escapes. */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .split(joiner)
    .map((part) => part.replace(unseen, escaped))
    .join('\u200d');
}

/** JSON for one line of a terminal. What JSON.stringify() leaves as it is, but a terminal may obey, is escaped. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(unseen, escaped);
}

/** The escapes of JSON, which has two for what is beyond the first 65,536 characters. */
function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
