/** A sample of a text in Prometheus' format. */
export interface Sample {
  /** With the ending of its series, such as `_bucket`. */
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Family {
  type: string;
  help: string;
  samples: Sample[];
}

const types = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
const nameForm = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const commentLine = new RegExp(`^# (HELP|TYPE) (${nameForm}) (.*)$`);
const sampleLine = new RegExp(`^(${nameForm})(?:\\{(.*)\\})? ([^ ]+)$`);
const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/;
const number = /^([+-]?Inf|NaN|[+-]?\d+(\.\d+)?([eE][+-]?\d+)?)$/;

/**
 * Reads a text in Prometheus' format by all of its rules, more strictly than Prometheus itself: HELP and TYPE once and
 * before the samples, the samples of a metric together, no series twice, and buckets that add up.
 * @throws Error that names the line, or the metric, that breaks a rule.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
 */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('The last line does not end with a line feed.');
  const families = new Map<string, Family>();
  const series = new Set<string>();
  let current: string | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const comment = commentLine.exec(line);
    if (comment) {
      const [, what, name = '', rest = ''] = comment;
      current = name;
      const family = families.get(name) ?? { type: '', help: '', samples: [] };
      if (family.samples.length > 0) throw new Error(`${what} comes after samples: ${line}`);
      const field = what === 'HELP' ? 'help' : 'type';
      if (family[field] !== '') throw new Error(`There is a second ${what}: ${line}`);
      if (field === 'type' && !types.includes(rest)) throw new Error(`There is no such type: ${line}`);
      family[field] = rest;
      families.set(name, family);
      continue;
    }
    if (line.startsWith('#')) continue;
    const sample = readSample(line);
    const family = current === null ? undefined : families.get(current);
    if (!family || !belongsTo(sample.name, current ?? '', family.type)) {
      throw new Error(`The sample is not among those of its metric: ${line}`);
    }
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (series.has(key)) throw new Error(`The series is there twice: ${line}`);
    series.add(key);
    family.samples.push(sample);
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
}

function readSample(line: string): Sample {
  const parts = sampleLine.exec(line);
  if (!parts) throw new Error(`This is no sample: ${line}`);
  const [, name = '', labelText = '', value = ''] = parts;
  if (!number.test(value)) throw new Error(`This is no number: ${line}`);
  const labels: Record<string, string> = {};
  for (let rest = labelText; rest !== ''; ) {
    const [whole, key = '', escaped = ''] = label.exec(rest) ?? [];
    if (whole === undefined || key in labels) throw new Error(`These are no labels: ${line}`);
    labels[key] = escaped.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: value.endsWith('Inf') ? Number.parseFloat(`${value}inity`) : Number(value) };
}

function belongsTo(sample: string, family: string, type: string): boolean {
  if (type !== 'histogram') return sample === family;
  return ['_bucket', '_sum', '_count'].some((ending) => sample === family + ending);
}

function checkFamily(name: string, { type, help, samples }: Family): void {
  if (type === '' || help === '') throw new Error(`${name} lacks its HELP or its TYPE.`);
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0)))
    throw new Error(`${name} counts down.`);
  if (type !== 'histogram') return;
  const without = ({ le: _, ...labels }: Record<string, string>) =>
    JSON.stringify(Object.entries(labels).sort());
  for (const [labels, group] of Map.groupBy(samples, (sample) => without(sample.labels))) {
    const one = (ending: string) => group.find((sample) => sample.name === name + ending)?.value;
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map((bucket) =>
      bucket.labels.le === '+Inf' ? Infinity : Number(bucket.labels.le),
    );
    const counts = buckets.map(({ value }) => value);
    const rising = (values: number[]) =>
      values.every((value, at) => at === 0 || value >= (values[at - 1] ?? 0));
    if (!rising(bounds) || new Set(bounds).size < bounds.length) throw new Error(`${name}${labels}: bounds.`);
    if (!rising(counts)) throw new Error(`${name}${labels}: the buckets are not cumulative.`);
    if (bounds.at(-1) !== Infinity || counts.at(-1) !== one('_count')) {
      throw new Error(`${name}${labels}: the bucket +Inf is not the count.`);
    }
    if (one('_sum') === undefined) throw new Error(`${name}${labels}: there is no sum.`);
  }
}
