/** Seeded text as strangers send it: what no store can hold, what is too long, and what only looks harmless. */
export function strangeText(random: () => number): string {
  const pieces = 1 + Math.floor(random() * 4);
  return Array.from({ length: pieces }, () => piece(random)).join('');
}

/** Custom metadata of an upload: keys that Spillway reads, and others. */
export function strangeMetadata(random: () => number): Record<string, string> {
  const metadata: Record<string, string> = {};
  const some = (share: number) => random() < share;
  if (some(0.5))
    metadata.operation = pick(random, ['sketch', 'caption', 'sketch,caption', strangeText(random)]);
  if (some(0.4)) metadata.options = strangeOptions(random);
  if (some(0.4)) metadata.batch = strangeText(random);
  if (some(0.3)) metadata.upload = strangeText(random);
  if (some(0.2)) metadata['batch-size'] = pick(random, ['3', '-1', '1e99', strangeText(random)]);
  if (some(0.2)) metadata.pixels = pick(random, ['1000000', '0', 'NaN', strangeText(random)]);
  if (some(0.2)) metadata[strangeText(random)] = strangeText(random);
  return metadata;
}

/** JSON for the most part, of options that exist and others. */
export function strangeOptions(random: () => number): string {
  const value = pick<() => unknown>(random, [
    () => ({ prompt: strangeText(random) }),
    () => ({ blur: pick(random, [21, 1e300, -0, 22, '21', null, strangeText(random)]) }),
    () => ({ caption: { prompt: strangeText(random) }, sketch: { format: strangeText(random) } }),
    () => ({ [strangeText(random)]: strangeText(random) }),
    () => JSON.parse(`{"__proto__": ${JSON.stringify(strangeText(random))}}`),
    () => nested(25),
    () => [[strangeText(random)]],
    () => strangeText(random),
    () => ({}),
  ])();
  const text = JSON.stringify(value);
  return random() < 0.1 ? text.slice(0, Math.floor(text.length / 2)) : text;
}

/** Anything that JSON can carry. */
export function strangeJson(random: () => number): unknown {
  return pick<() => unknown>(random, [
    () => strangeText(random),
    () => random() * 1e12,
    () => null,
    () => [strangeText(random), [1]],
    () => JSON.parse(strangeOptionsWhole(random)),
  ])();
}

function strangeOptionsWhole(random: () => number): string {
  return JSON.stringify({ [strangeText(random)]: { prompt: strangeText(random) } });
}

function nested(levels: number): unknown {
  return levels === 0 ? 1 : { in: nested(levels - 1) };
}

function piece(random: () => number): string {
  const length = pick(random, [1, 7, 100, 499, 500, 1_024, 1_499, 1_500, 3_000]);
  return pick<() => string>(random, [
    () => 'holiday',
    () => 'cat.jpg',
    () => '🐈',
    () => '猫'.repeat(length),
    () => 'x'.repeat(length),
    () => String.fromCharCode(0xd800 + Math.floor(random() * 0x800)),
    () => String.fromCharCode(Math.floor(random() * 0x20)),
    () => String.fromCodePoint(Math.floor(random() * 0xd800)),
    () => String.fromCodePoint(0x10000 + Math.floor(random() * 0xfffff)),
    () =>
      pick(random, [
        '__x__',
        '__proto__',
        '.',
        '..',
        'a/b',
        '/',
        '',
        '\ufffe',
        '\u202e',
        'e\u0301',
        '%00',
        ' ',
        ',',
      ]),
    () => pick(random, ['web/ann/', 'sketch/', 'constructor', '_hidden/', '"', '\\u0000', '{"a":1}', '\r\n']),
  ])();
}

function pick<Value>(random: () => number, values: readonly Value[]): Value {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('There is nothing to pick from.');
  return value;
}
