import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { manifestOfView } from './operations/manifest-of-view.ts';
import { parseManifest, viewOf } from './operations/manifest-schema.ts';
import { manifestViewSchema } from './operations/manifest-view.ts';
import { defineOperation, type OperationManifest } from './operations/operation.ts';
import {
  addOperations,
  isOperationName,
  manifestOf,
  mostOperations,
  nameConflict,
  operationNames,
  parseOptions,
  pluginModules,
} from './operations.ts';

const blur = defineOperation({
  name: 'blur',
  words: {
    label: 'Blur',
    description: 'Makes a picture soft.',
    activity: 'Blurring',
    result: 'Soft picture',
  },
  icon: 'M4 4h12v12H4z',
  accepts: ['jpeg'],
  produces: { kind: 'picture', formats: ['jpeg', 'png'] },
  options: z.strictObject({
    sigma: z.number().min(0.3).max(100).default(3),
    format: z.enum(['jpeg', 'png']).default('jpeg'),
  }),
  model: null,
  objectiveMs: { interactive: 1_000 },
  priorServiceMs: { fixed: 10, perMegapixel: 10 },
});

function register(manifest: OperationManifest, module: string | null = null): void {
  onTestFinished(addOperations([{ manifest, module }]));
}

describe('the registry', () => {
  it('takes an operation in at run time, and knows it everywhere', () => {
    expect(isOperationName('blur')).toBe(false);
    register(blur, 'file:///blur.js');
    const name: string = 'blur';
    if (!isOperationName(name)) throw new Error('It was added.');
    expect(operationNames.at(-1)).toBe('blur');
    expect(manifestOf(name).words.label).toBe('Blur');
    expect(parseOptions(name, {})).toEqual({ ok: true, options: { sigma: 3, format: 'jpeg' } });
    expect(parseOptions(name, { sigma: 'much' })).toMatchObject({ ok: false });
    expect(pluginModules()).toEqual(['file:///blur.js']);
  });

  it('says why it cannot take a name', () => {
    register(blur);
    expect(nameConflict('sketch')).toBe('Spillway has an operation named "sketch" itself.');
    expect(nameConflict('blur')).toBe('There are two operations named "blur".');
    expect(nameConflict('sharpen')).toBeNull();
    for (let index = 0; operationNames.length < mostOperations; index++) {
      register({ ...blur, name: `blur-${index}` });
    }
    expect(nameConflict('sharpen')).toContain('more than 16 operations');
  });
});

describe('a manifest', () => {
  it.each([...operationNames])(
    'of %s is a valid one, and the page can make it of what the API sends',
    (name) => {
      const manifest = manifestOf(name);
      expect(parseManifest(manifest)).toBe(manifest);
      const sent = manifestViewSchema.parse(JSON.parse(JSON.stringify(viewOf(manifest))));
      const received = manifestOfView(sent);
      expect(received).toMatchObject({ name, words: manifest.words, accepts: manifest.accepts });
      expect(received.options.parse({})).toEqual(manifest.options.parse({}));
      expect(received.options.safeParse({ unknown: 1 }).success).toBe(false);
    },
  );

  it.each<[string, object, string]>([
    ['a name in capitals', { name: 'Blur' }, 'lower-case letters'],
    ['a name with an underscore at its start', { name: '_blur' }, 'lower-case letters'],
    ['a name that is too long', { name: 'b'.repeat(41) }, 'more than 40'],
    ['the folder of the site', { name: 'web' }, 'means something else'],
    ['an icon that is no path', { icon: '<svg onload=x>' }, 'not the path'],
    ['no picture type', { accepts: [] }, 'accepts'],
    ['an unknown picture type', { accepts: ['tiff'] }, 'accepts'],
    ['a product of no kind', { produces: { kind: 'film' } }, 'produces'],
    ['options that are no schema', { options: {} }, 'z.strictObject'],
    ['options that take anything', { options: z.object({}) }, 'takes unknown keys'],
    ['an option without a default', { options: z.strictObject({ sigma: z.number() }) }, 'without a default'],
    [
      'an option that JSON cannot hold',
      { options: z.strictObject({ since: z.date().default(new Date(0)) }) },
      'JSON Schema',
    ],
    ['an advanced option that is none', { advancedOptions: ['radius'] }, 'names no option: radius'],
    [
      'a format that is not made',
      { options: z.strictObject({ format: z.enum(['jpeg', 'webp']).default('jpeg') }) },
      'png, webp',
    ],
    ['an objective of nothing', { objectiveMs: { interactive: 0 } }, 'objectiveMs'],
    ['a prior of nothing', { priorServiceMs: { fixed: 0, perMegapixel: 0 } }, 'takes no time'],
    ['a key that is not known', { label: 'Blur' }, 'label'],
  ])('with %s is refused with what is wrong', (_, changes, problem) => {
    expect(() => parseManifest({ ...blur, ...changes })).toThrow(problem);
  });
});
