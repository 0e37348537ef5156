import { describe, expect, it } from 'vitest';
import { errorReportName, objectNameProblem } from './object-names.ts';
import { type SourceRule, sourceRuleSchema } from './source-rules.ts';
import { noon } from './testing/sample-job.ts';
import { textProblem } from './text.ts';
import { type FinalizedObject, finalizedObjectSchema, readUpload, type Sender } from './uploads.ts';

const object: FinalizedObject = {
  bucket: 'uploads',
  name: 'sketch/1.jpg',
  generation: '1',
  size: 10,
  contentType: 'image/jpeg',
  timeCreated: noon,
};

const anybody: Sender = { kind: 'integrator', rules: [] };

function upload(name: string, metadata: Record<string, string> = {}, rules: SourceRule[] = []) {
  return jobsAskedFor({ ...object, name, metadata }, { kind: 'integrator', rules });
}

/** The site's account has written it. */
function siteUpload(name: string, metadata: Record<string, string> = {}) {
  return jobsAskedFor({ ...object, name, metadata }, { kind: 'site' });
}

function jobsAskedFor(object: FinalizedObject, sender: Sender) {
  const request = readUpload(object, sender);
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

  it('says what is not done where it names more operations than the limit', () => {
    const names = Array.from({ length: 20 }, (_, index) => `op-${index}`);
    const { jobs } = upload('1.jpg', { operation: names.join(',') });
    expect(jobs).toHaveLength(17);
    expect(jobs[16]).toMatchObject({
      operation: 'op-16,op-17,op-18,op-19',
      refusal: { code: 'too_many_operations', message: expect.stringContaining('asks for 4 more') },
    });
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

  it('of the site has the owner of its folder, whatever its metadata says, and needs metadata for its operation', () => {
    const named = siteUpload('ann/u1/sketch.jpg', { operation: 'sketch', owner: 'bob', upload: 'u1' });
    expect([named.owner, named.upload]).toEqual(['ann', 'u1']);
    for (const name of ['ann/u1/1.jpg', 'sketch/u1/1.jpg', '1.jpg']) {
      expect(siteUpload(name).jobs[0]?.refusal?.code).toBe('unknown_operation');
    }
    expect(siteUpload('1.jpg', { operation: 'sketch' }).owner).toBeNull();
  });

  it.each(['sketch/1.jpg', 'web/ann/u1/1.jpg', 'ann/u1/1.jpg'])(
    'of an integrator has no owner that a stranger could choose: %s',
    (name) => {
      expect(upload(name, { operation: 'sketch', owner: 'bob' }).owner).toBeNull();
      const bearing = rule({ prefix: name.slice(0, 3), owner: 'porter' });
      expect(upload(name, { operation: 'sketch' }, [bearing]).owner).toBe('porter');
    },
  );

  it('of an integrator under web/ is done as any other folder’s', () => {
    const [unnamed] = upload('web/ann/u1/1.jpg').jobs;
    expect(unnamed?.refusal).toMatchObject({
      code: 'unknown_operation',
      message: expect.stringContaining('"web"'),
    });
    const [named] = upload('web/ann/u1/1.jpg', { operation: 'sketch' }).jobs;
    expect(named?.refusal).toBeNull();
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
    expect(upload('sketch/1.jpg', { 'batch-index': '0' })).toMatchObject({ batchIndex: 0 });
    expect(upload('sketch/1.jpg', { 'batch-index': '20' })).toMatchObject({ batchIndex: 20 });
    expect(upload('sketch/1.jpg')).toMatchObject({ batch: null, batchSize: null, source: { pixels: null } });
  });

  it.each(['', '0', '-3', '2.5', '1e9', '0x10', ' 7', 'many', '99999999999'])(
    'that says %j of a size has said nothing',
    (size) => {
      const index = size === '0' ? '-0' : size;
      const said = upload('sketch/1.jpg', { 'batch-size': size, 'batch-index': index, pixels: size });
      expect(said).toMatchObject({ batchSize: null, batchIndex: null, source: { pixels: null } });
    },
  );

  it('under a folder with an underscore is ignored', () => {
    expect(readUpload({ ...object, name: '_tmp/1.jpg' }, anybody)).toEqual({
      kind: 'ignored',
      why: 'underscore',
    });
  });
});

describe('text that no store can hold', () => {
  it.each([
    ['batch', '\ud83d'],
    ['batch', 'b'.repeat(1_500)],
    ['upload', 'a\0b'],
    ['upload', '猫'.repeat(500)],
  ])('in the metadata %j is refused, and goes no further', (field, value) => {
    const request = upload('sketch/1.jpg', { [field]: value });
    expect(request).toMatchObject({ batch: null, upload: null, source: { name: 'sketch/1.jpg' } });
    const [job] = request.jobs;
    expect(job).toMatchObject({ operation: 'sketch', refusal: { code: 'invalid_text' } });
    expect(job?.refusal?.message).toContain(`"${field}"`);
  });

  it.each(['\ud800 a', 'a\0b'])('in an option is refused with the options: %j', (prompt) => {
    const options = JSON.stringify({ prompt });
    const nested = JSON.stringify({ caption: { prompt } });
    for (const each of [options, nested]) {
      const [job] = upload('caption/1.jpg', { operation: 'caption', options: each }).jobs;
      expect(job).toMatchObject({ options: {}, refusal: { code: 'invalid_options' } });
      expect(job?.refusal?.message).toContain('prompt');
    }
  });

  it('in a content type is refused', () => {
    for (const contentType of ['image/\udfff', 'x'.repeat(1_500)]) {
      expect(readUpload({ ...object, contentType }, anybody)).toMatchObject({
        source: { contentType: null },
        jobs: [{ refusal: { code: 'invalid_text', message: expect.stringContaining('content type') } }],
      });
    }
  });

  it.each(['sketch/\ud800.jpg', 'sketch/a\0.jpg', 'sketch/a\nb.jpg', `sketch/${'ä'.repeat(600)}.jpg`, '..'])(
    'in the object’s own name gives it a derived one, and a report: %j',
    (name) => {
      const { source, jobs } = upload(name, { operation: 'sketch' });
      expect(objectNameProblem(source.name)).toBeNull();
      expect(source.name).not.toBe(name);
      expect(jobs).toMatchObject([{ operation: 'sketch', refusal: { code: 'invalid_text' } }]);
      expect(upload(`${name}\0`, { operation: 'sketch' }).source.name).not.toBe(source.name);
      expect(
        objectNameProblem(errorReportName({ id: 'a'.repeat(32), operation: 'sketch', source })),
      ).toBeNull();
    },
  );

  it.each(['paint\udc00', 'p'.repeat(5_000), '\0'])(
    'in an operation is unknown, and recorded in a form that can be held',
    (operation) => {
      const [job] = upload('1.jpg', { operation }).jobs;
      expect(job?.refusal?.code).toBe('unknown_operation');
      expect(textProblem(job?.operation ?? '', 1_024)).toBeNull();
      expect(textProblem(job?.refusal?.message ?? '', 1_000)).toBeNull();
    },
  );

  it('is not made by cutting a sentence within a character', () => {
    for (let before = 90; before < 102; before++) {
      const [job] = upload('1.jpg', { operation: `${'x'.repeat(before)}🐈🐈🐈` }).jobs;
      expect(job?.refusal?.message.isWellFormed()).toBe(true);
    }
    const options = JSON.stringify({ [`\ud800${'🐈'.repeat(2_000)}`]: 1 });
    const [job] = upload('sketch/1.jpg', { options }).jobs;
    expect(textProblem(job?.refusal?.message ?? '', 1_000)).toBeNull();
  });

  it.each([
    '{"__proto__": 1}',
    '{"constructor": {}}',
    '{"": 1}',
    '{"__x__": 1}',
    `${'['.repeat(4_000)}${']'.repeat(4_000)}`,
  ])('as an option of no known shape goes no further: %s', (options) => {
    expect(upload('sketch/1.jpg', { options }).jobs).toMatchObject([
      { options: {}, refusal: { code: 'invalid_options' } },
    ]);
  });
});

describe('what is no upload', () => {
  it.each([
    [
      'gcloud/tmp/parallel_composite_uploads/see_gcloud_storage_cp_help_for_details/1a2b_component_0',
      'upload_part',
    ],
    [
      'photos/gcloud/tmp/parallel_composite_uploads/see_gcloud_storage_cp_help_for_details/1a2b_0',
      'upload_part',
    ],
    ['/gsutil/tmp/parallel_composite_uploads/for_details_see/gsutil_help_cp/1a2b_0', 'upload_part'],
    ['3f/gsutil/tmp/parallel_composite_uploads/for_details_see/gsutil_help_cp/1a2b_0', 'upload_part'],
    ['gcloud/tmp/1a2b', 'upload_part'],
    ['gcs-go-sdk-pu-tmp/1a2b', 'upload_part'],
    ['sketch/cat.jpg-Zm9v;YmFy;0001-0032.part', 'upload_part'],
    ['sketch/cat.1700000000000001.0123abcd.png', 'own_result'],
    ['caption/a/b.1700000000000001.0123abcd.receipt.json', 'own_result'],
    ['sketch/cat.1700000000000001.0123abcd.error.json', 'own_result'],
    ['sketch/', 'folder'],
  ] as const)('%s is left alone', (name, why) => {
    const rules = [rule({ prefix: name.slice(0, 3) })];
    expect(readUpload({ ...object, name }, { kind: 'integrator', rules })).toEqual({ kind: 'ignored', why });
  });

  it.each([
    'sketch/gcloud.jpg',
    'sketch/parallel_composite_uploads.jpg',
    'sketch/tmp/cat.part',
    'sketch/cat.2024.png',
    'sketch/cat.1700000000000001.png',
    'web/ann/u1/cat.1700000000000001.0123abcd.png',
  ])('%s is one', (name) => {
    expect(upload(name, {}).jobs).toHaveLength(1);
  });

  it('is a result only where nobody asks for more', () => {
    const { jobs } = upload('sketch/cat.1700000000000001.0123abcd.png', { operation: 'remove-background' });
    expect(jobs).toMatchObject([{ operation: 'remove-background', refusal: null }]);
  });
});

describe('an object', () => {
  it.each([
    ['a generation that could not be part of a name', { generation: 'a/b' }],
    ['an endless generation', { generation: '1'.repeat(1_500) }],
    ['a time that no database holds', { timeCreated: new Date('+010000-01-01T00:00:00Z') }],
    ['a bucket that cannot be named', { bucket: 'b'.repeat(300) }],
    ['half a byte', { size: 1.5 }],
    ['no time', { timeCreated: null }],
  ])('is not taken with %s', (_, changes) => {
    expect(finalizedObjectSchema.safeParse({ ...object, ...changes }).success).toBe(false);
    expect(finalizedObjectSchema.safeParse(object).success).toBe(true);
  });
});

describe('a source rule', () => {
  it.each([{ owner: '\ud800' }, { owner: 'o'.repeat(1_500) }, { prefix: 'a\0' }, { operations: ['\udc00'] }])(
    'with text that cannot be stored is not valid: %j',
    (changes) => {
      expect(sourceRuleSchema.safeParse({ prefix: 'x/', operations: ['sketch'], ...changes }).success).toBe(
        false,
      );
    },
  );
});
