import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('./', import.meta.url);

/** All of Terraform's files, one after the other. */
export const configuration: string = readdirSync(folder)
  .filter((name) => name.endsWith('.tf'))
  .map((name) => readFileSync(new URL(name, folder), 'utf8'))
  .join('\n');

export interface Resource {
  type: string;
  name: string;
  /** What is between its braces. */
  body: string;
}

/** Every resource. Terraform's formatting puts the brace that closes one at the beginning of a line. */
export const resources: Resource[] = [
  ...configuration.matchAll(/^resource "(\w+)" "(\w+)" \{\n([\s\S]*?)^\}$/gm),
].map(([, type = '', name = '', body = '']) => ({ type, name, body }));

/** Throws where there is not exactly one. */
export function resource(type: string, name: string): string {
  const [found, ...others] = resources.filter((each) => each.type === type && each.name === name);
  if (!found || others.length > 0) throw new Error(`There is not one ${type}.${name}.`);
  return found.body;
}

/** The lines of a local value that is an object, without their indentation. Throws where there is no such value. */
export function localLines(name: string): string[] {
  const found = configuration.match(
    new RegExp(`^ {2}${name} += (?:merge\\([^{]*)?\\{\\n([\\s\\S]*?)^ {2,4}\\}(?:[,)]*|, local\\..*)$`, 'm'),
  );
  if (!found?.[1]) throw new Error(`There is no local value ${name}.`);
  return found[1]
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** The names on the left of a local value's fields. */
export function localNames(name: string): string[] {
  return localLines(name).map((line) => line.split(/ *= */)[0] ?? '');
}

/** Every text in quotes. */
export function textsIn(source: string): string[] {
  return [...source.matchAll(/"([^"]*)"/g)].map(([, text = '']) => text);
}
