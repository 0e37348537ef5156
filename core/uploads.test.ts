import { describe, expect, it } from 'vitest';
import { type SourceRule, sourceRuleSchema } from './source-rules.ts';
import { noon } from './testing/sample-job.ts';
import { type FinalizedObject, finalizedObjectSchema, readUpload } from './uploads.ts';

function upload(name: string, metadata: Record<string, string> = {}, rules: SourceRule[] = []) {
  const object: FinalizedObject = {
    bucket: 'uploads',
    name,
    generation: '1',
    size: 10,
    contentType: 'image/jpeg',
    timeCreated: noon,
    metadata,
  };
  const request = readUpload(object, rules);
  if (request.kind === 'ignored') throw new Error('The upload was ignored.');
  return request;
}

const rule = (changes: Partial<SourceRule>): SourceRule => ({
  prefix: 'camera/',
  operations: ['sketch'],
  options: {},
  owner: null,
  class: 'interactive',
  ...changes,
});

describe('an upload', () => {
  it('is done as its metadata says before its rule and its folder', () => {
    const { jobs } = upload('frobnicate/1.jpg', { operation: 'sketch' }, [
      rule({ prefix: 'frob', operations: ['other'] }),
    ]);
    expect(jobs.map(({ operation }) => operation)).toEqual(['sketch']);
  });

  it('is done as the longest matching rule says, with its options and owner', () => {
    const { jobs, owner } = upload('camera/door/1.jpg', {}, [
      rule({ owner: 'porter' }),
      rule({ prefix: 'camera/door/', owner: 'doorman', options: { blur: 15 } }),
    ]);
    expect(owner).toBe('doorman');
    expect(jobs).toEqual([{ operation: 'sketch', options: { blur: 15, format: 'png' }, refusal: null }]);
  });

  it('is done as its first folder says, with the default options', () => {
    expect(upload('sketch/1.jpg').jobs).toEqual([
      { operation: 'sketch', options: { blur: 21, format: 'png' }, refusal: null },
    ]);
  });

  it('makes a job of each operation it names once, known or not', () => {
    const { jobs } = upload('1.jpg', { operation: 'sketch, paint,sketch' });
    expect(jobs.map(({ operation, refusal }) => [operation, refusal?.code])).toEqual([
      ['sketch', undefined],
      ['paint', 'unknown_operation'],
    ]);
  });

  it('that names no operation is refused with words that help', () => {
    const [job] = upload('1.jpg').jobs;
    expect(job?.refusal?.code).toBe('unknown_operation');
    expect(job?.refusal?.message).toContain('sketch');
  });

  it.each([
    ['not JSON', '{blur'],
    ['not an object', '[]'],
    ['unknown keys', '{"blurr": 3}'],
    ['out of range', '{"blur": 101}'],
    ['an even kernel', '{"blur": 20}'],
  ])('with options that are %s is refused', (_, options) => {
    expect(upload('sketch/1.jpg', { options }).jobs[0]?.refusal?.code).toBe('invalid_options');
  });

  it('may give its options by operation', () => {
    const { jobs } = upload('1.jpg', { operation: 'sketch', options: '{"sketch": {"format": "webp"}}' });
    expect(jobs[0]?.options).toEqual({ blur: 21, format: 'webp' });
  });

  it('under web/ has the owner of its folder, whatever its metadata says, and needs metadata for its operation', () => {
    const named = upload('web/ann/u1/sketch.jpg', { operation: 'sketch', owner: 'bob', upload: 'u1' });
    expect([named.owner, named.upload]).toEqual(['ann', 'u1']);
    expect(upload('web/ann/u1/1.jpg').jobs[0]?.refusal?.code).toBe('unknown_operation');
  });

  it('outside web/ has no owner that a stranger could choose', () => {
    expect(upload('sketch/1.jpg', { owner: 'bob' }).owner).toBeNull();
  });

  it('is bulk where its rule says so, and interactive otherwise', () => {
    expect(upload('camera/1.jpg', {}, [rule({ class: 'bulk' })]).class).toBe('bulk');
    expect(upload('camera/1.jpg', {}, [rule({})]).class).toBe('interactive');
    expect(upload('sketch/1.jpg', { class: 'bulk' }).class).toBe('interactive');
    expect(sourceRuleSchema.parse({ prefix: 'x/', operations: ['sketch'] }).class).toBe('interactive');
  });

  it('says how many files its batch has and how many pixels it has itself', () => {
    const said = upload('sketch/1.jpg', { batch: 'b1', 'batch-size': '21', pixels: '12000000' });
    expect(said).toMatchObject({ batch: 'b1', batchSize: 21, source: { pixels: 12_000_000 } });
    expect(upload('sketch/1.jpg')).toMatchObject({ batch: null, batchSize: null, source: { pixels: null } });
  });

  it.each(['', '0', '-3', '2.5', '1e9', '0x10', ' 7', 'many', '99999999999'])(
    'that says %j of a size has said nothing',
    (size) => {
      const said = upload('sketch/1.jpg', { 'batch-size': size, pixels: size });
      expect(said).toMatchObject({ batchSize: null, source: { pixels: null } });
    },
  );

  it('under a folder with an underscore is ignored', () => {
    const object = finalizedObjectSchema.parse({
      bucket: 'uploads',
      name: '_tmp/1.jpg',
      generation: 1,
      size: '3',
      timeCreated: '2026-01-01T12:00:00Z',
    });
    expect(object).toMatchObject({ generation: '1', size: 3 });
    expect(readUpload(object, [])).toEqual({ kind: 'ignored' });
  });
});
