import { expect, it } from 'vitest';
import { createDownloadNews } from './download-news.ts';

it('tells of a download at its start and at each quarter, once for all jobs that wait for it', () => {
  const news = createDownloadNews();
  const told = (model: string, share: number) => news({ kind: 'downloading_model', model, share });
  expect(told('u2netp', 0.01)).toBe('Downloading the model u2netp.');
  expect(told('u2netp', 0.01)).toBeNull();
  expect(told('u2netp', 0.24)).toBeNull();
  expect(told('u2net', 0)).toBe('Downloading the model u2net.');
  expect(told('u2netp', 0.51)).toBe('Downloading the model u2netp, 50 % done.');
  expect(told('u2netp', 0.4)).toBeNull();
  expect(told('u2netp', 1)).toBeNull();
});
