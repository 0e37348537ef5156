import { describe, expect, it } from 'vitest';
import {
  matchesName,
  nameSearchText,
  readNameSearch,
  searchOf,
  searchOfEnded,
  sourceOf,
  termOf,
  termsOf,
} from './job-search.ts';
import { later, noon, sampleJob } from './testing/sample-job.ts';
import { cancelled, failed } from './transitions.ts';

const error = { code: 'corrupt_image', message: 'It is damaged.', retryable: false } as const;

describe('the terms of a file name', () => {
  it('are its first words and some of its beginnings, in lower case', () => {
    expect(termsOf('Grand-Père 2.JPG')).toEqual([
      'grand',
      'père',
      '2',
      '^gr',
      '^gran',
      '^grand-',
      '^grand-père',
    ]);
    expect(termsOf('猫.png')).toEqual(['猫', '^猫.', '^猫.pn']);
  });

  it('are few and short, however long the name', () => {
    const terms = termsOf(`${'x'.repeat(500)} ${'a b c d e f g '.repeat(30)}.jpg`);
    expect(terms.length).toBeLessThanOrEqual(8);
    expect(Math.max(...terms.map((term) => term.length))).toBeLessThanOrEqual(24);
  });

  it('are found by every search that matches', () => {
    const names = [
      'girl-1.jpg',
      'Girl.jpg',
      'my girl, 2024.jpeg',
      'IMG_20240101_120000.jpg',
      '.hidden',
      'a.b.c',
    ];
    const texts = [
      'girl',
      'girl 1',
      'GIRL-1',
      '2024 girl',
      'gi*',
      'girl*',
      'girl-1*',
      'img_2024*',
      '.hidden*',
      'hidden',
    ];
    for (const text of texts) {
      const search = readNameSearch(text) ?? expect.fail(text);
      expect(readNameSearch(nameSearchText(search))).toEqual(search);
      const { term, decides } = termOf(search);
      for (const name of names) {
        const hasTerm = termsOf(name).includes(term);
        if (matchesName(`folder/${name}`, search)) expect(hasTerm, `${text} in ${name}`).toBe(true);
        else if (decides) expect(hasTerm, `${text} in ${name}`).toBe(false);
      }
    }
  });

  it('are asked for by nothing that has no word', () => {
    for (const text of ['', ' ', '-', '*', 'a*', ' .* ']) expect(readNameSearch(text), text).toBeNull();
  });
});

describe('what a job has for searches', () => {
  it('says where its source came from', () => {
    const named = (name: string, owner: string | null = null) => ({
      owner,
      source: { ...sampleJob().source, name },
    });
    expect(searchOf(named('cameras/1/a.jpg')).source).toBe('uploads/cameras/');
    expect(searchOf(named('cameras/1/a.jpg', 'shop'), 'cameras/1/').source).toBe('uploads/cameras/1/');
    expect(searchOf(named('a.jpg')).source).toBe('uploads/');
    expect(searchOf(named('ann/u/a.jpg', 'ann')).source).toBe('uploads/');
    expect(searchOf(named('ann/u/a.jpg', 'ann'), '').source).toBe('uploads/');
  });

  it('has the interval of its duration once it has been worked on', () => {
    const job = sampleJob();
    expect(job.search?.took).toBeNull();
    expect(failed(job, error, later(1_999)).search).toEqual({ ...job.search, took: 1_000 });
    expect(failed(job, error, later(0)).search?.took).toBe(0);
    expect(failed(job, error, later(9e9)).search?.took).toBe(3_600_000);
    expect(cancelled(job, later(5_000)).search?.took).toBeNull();
  });

  it('is made at the next transition of a document of an earlier version', () => {
    const old = { ...sampleJob(), search: null };
    expect(sourceOf(old)).toBe('uploads/sketch/');
    expect(searchOfEnded({ ...old, state: 'failed', endedAt: noon }).terms).toEqual([
      'cat',
      '^ca',
      '^cat.',
      '^cat.jp',
    ]);
    expect(failed(old, error, later(3_000)).search?.took).toBe(2_000);
  });
});
