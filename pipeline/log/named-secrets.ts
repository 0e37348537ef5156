/** Parts of names whose values are secrets, whatever they look like. */
const names =
  'token|secret|password|passphrase|cookie|authorization|credential|assertion|signature|private.?key|api.?key|session.?ur[il]|upload.?id';
const secretName = new RegExp(`${names}$`, 'i');

/** Whether the value of a field of that name is a secret. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Whether a text is such a name, as lists of headers have it before its value, and not a sentence that has the word. */
export function isBareSecretName(text: string): boolean {
  return /^[\w.-]{1,100}$/.test(text) && secretName.test(text);
}

/**
 * A secret's name and what separates it from its value: in a header, an address, an address within one, JSON, JSON
 * within a string, a dump of an object or of a map, an assignment, or a list of names and values. Classes of errors are
 * no such names. Every repetition follows something that is in a text once for it, so that the search is linear.
 */
const head = new RegExp(
  [
    `(?<name>${names})(?![\\w-]{0,40}(?:error|exception)\\b)[\\w-]{0,40}`,
    '(?<quote>\\\\*["\'`]|%(?:25)*2[27])?',
    '(?:(?:\\]|%(?:25)*5D)(?=\\s*(?:=|%)))?',
    '\\s*(?:(?<separator>[:=]{1,3}>?|%(?<encoded>(?:25)*)3[AD])|(?<comma>,|%(?:25)*2C))\\s*',
  ].join(''),
  'gi',
);

/** Values that are several words or parts, and go on to the end of their line where nothing encloses them. */
const wholeLine = /cookie|authorization|passphrase/i;
/** A sentence about a token: `Could not refresh access token: network timeout`. */
const namesInSentences = /^(?:token|credential|signature|assertion)$/i;
const sentenceBefore = /[a-z] $/;
const sentenceAfter = /[a-z]{1,12} [a-z]{1,12}(?![\w+/=-])/y;

const forms = {
  quote: /\\*["'`]/y,
  encodedQuote: /%(?:25)*2[27]/y,
  /** A run of backslashes is taken from its beginning only, or the search would be quadratic. */
  quoteOrBracket: /(?<!\\)\\*["'`]|[[\]{}]/g,
  nothing: /(?:null|undefined|true|false)(?=[\s,;}\])]|$)/y,
  scheme: /(?:bearer|basic|digest|negotiate) +/iy,
  line: /[^\r\n]*/y,
  word: /(?:[^\s"'`<>\\]|\\+(?!["'`\\]))*/y,
  parameter: /(?:[^\s&"'`<>\\]|\\+(?!["'`\\]))*/y,
  rest: /[\w.~+/=%-]*/y,
  keyOfValue: /(?:\\*["'`])?value(?:\\*["'`])?\s*:\s*/iy,
  nextElement: /(?:\\*["'`]|%(?:25)*2[27])\s*(?:,|%(?:25)*2C)\s*/y,
};

/** Where a value is in a text. */
interface Span {
  from: number;
  to: number;
}

/** The text with `placeholder` for every value whose name says that it is a secret. */
export function withoutNamedSecrets(text: string, placeholder: string): string {
  let clean = '';
  let at = 0;
  for (;;) {
    head.lastIndex = at;
    const found = head.exec(text);
    if (!found) return clean + text.slice(at);
    const start = found.index + found[0].length;
    for (const { from, to } of valuesOf(text, found, start)) {
      clean += text.slice(at, from) + (to > from ? placeholder : '');
      at = to;
    }
    if (at < start) {
      clean += text.slice(at, start);
      at = start;
    }
  }
}

function valuesOf(text: string, found: RegExpExecArray, start: number): Span[] {
  const { name = '', quote, separator, encoded, comma } = found.groups ?? {};
  if (comma !== undefined) return quote === undefined ? [] : elementsOf(text, start);
  if (lengthOf(forms.nothing, text, start) > 0) return [];
  const enclosed = enclosedValue(text, start);
  if (enclosed) return [enclosed];
  if (encoded !== undefined) return [encodedValue(text, start, encoded)];
  if (wholeLine.test(name)) return [{ from: start, to: start + lengthOf(forms.line, text, start) }];
  if (separator === ':' && namesInSentences.test(name) && isSentence(text, found, start)) return [];
  const from = start + lengthOf(forms.scheme, text, start);
  const form = separator === '=' ? forms.parameter : forms.word;
  return [{ from: start, to: from + lengthOf(form, text, from) }];
}

/** The element of a list after a name, or the value beside it in an object, and the one after that where this could be a name, too. */
function elementsOf(text: string, start: number): Span[] {
  const values: Span[] = [];
  for (let at = start + lengthOf(forms.keyOfValue, text, start); ; ) {
    const value = enclosedValue(text, at);
    if (!value) return values;
    values.push(value);
    const next = lengthOf(forms.nextElement, text, value.to);
    if (next === 0 || !isBareSecretName(text.slice(value.from, value.to))) return values;
    at = value.to + next;
  }
}

/** What quotes or brackets enclose. It goes on to the end of the text where they are not closed. */
function enclosedValue(text: string, at: number): Span | null {
  const bracket = text.charAt(at);
  if (bracket === '[' || bracket === '{') {
    const end = endOfBrackets(text, at);
    return { from: at, to: end + lengthOf(forms.rest, text, end) };
  }
  const quote = lengthOf(forms.quote, text, at);
  if (quote > 0)
    return { from: at + quote, to: endOfQuoted(text, at + quote, text.charAt(at + quote - 1), quote) };
  const length = lengthOf(forms.encodedQuote, text, at);
  if (length === 0) return null;
  const from = at + length;
  const end = text.indexOf(text.slice(at, from), from);
  return { from, to: end === -1 ? text.length : end };
}

/**
 * Where the quote that closes begins, with its backslashes.
 * @param depth The length of the quote that opens, with its backslashes. JSON within a string has one before each
 *   quote, and three before a quote within a value.
 */
function endOfQuoted(text: string, from: number, quote: string, depth: number): number {
  for (let at = text.indexOf(quote, from); at !== -1; at = text.indexOf(quote, at + 1)) {
    let begin = at;
    while (begin > from && text[begin - 1] === '\\') begin--;
    const length = at - begin + 1;
    if (length < depth) return begin;
    if (length % (2 * depth) === depth) return at + 1 - depth;
  }
  return text.length;
}

function endOfBrackets(text: string, start: number): number {
  let depth = 0;
  for (let at = start; ; ) {
    forms.quoteOrBracket.lastIndex = at;
    const found = forms.quoteOrBracket.exec(text);
    if (!found) return text.length;
    at = found.index + found[0].length;
    if (found[0] === '[' || found[0] === '{') depth++;
    else if (found[0] === ']' || found[0] === '}') depth--;
    else at = endOfQuoted(text, at, found[0].slice(-1), found[0].length) + found[0].length;
    if (depth === 0) return Math.min(at, text.length);
    if (at >= text.length) return text.length;
  }
}

/** The value of a parameter in an address that is encoded, as often as its `=` is. */
function encodedValue(text: string, from: number, encoded: string): Span {
  const to = from + lengthOf(forms.parameter, text, from);
  const next = text.slice(from, to).indexOf(`%${encoded}26`);
  return { from, to: next === -1 ? to : from + next };
}

function isSentence(text: string, { index }: RegExpExecArray, start: number): boolean {
  return (
    /\s/.test(text.charAt(start - 1)) &&
    sentenceBefore.test(text.slice(Math.max(0, index - 2), index)) &&
    lengthOf(forms.scheme, text, start) === 0 &&
    lengthOf(sentenceAfter, text, start) > 0
  );
}

/** The length of what a sticky form finds there; 0 for nothing. */
function lengthOf(form: RegExp, text: string, at: number): number {
  form.lastIndex = at;
  return form.exec(text)?.[0].length ?? 0;
}
