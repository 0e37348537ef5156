import { describe, expect, it } from 'vitest';
import {
  errorReportName,
  receiptName,
  resultName,
  resultStem,
  webObjectName,
  webOwner,
} from './object-names.ts';

const job = (name: string, operation = 'sketch') => ({
  id: 'abcdef0123456789abcdef0123456789',
  operation,
  source: { name, generation: '1700000000000001' },
});
const bytes = (text: string) => Buffer.byteLength(text);

describe('names in the results bucket', () => {
  it('drop the operation folder and the extension, and carry generation and job', () => {
    expect(resultName(job('sketch/trips/1.jpg'), 'png')).toBe('sketch/trips/1.1700000000000001.abcdef01.png');
  });

  it('keep a first folder that is no operation', () => {
    expect(resultStem(job('holiday/1.jpg'))).toBe('sketch/holiday/1.1700000000000001.abcdef01');
  });

  it('keep the folders of an upload through the site, as it is named now and as it was before', () => {
    expect(resultStem(job('ann/u1/1.jpg'))).toBe('sketch/ann/u1/1.1700000000000001.abcdef01');
    expect(resultStem(job('web/ann/u1/1.jpg'))).toBe('sketch/web/ann/u1/1.1700000000000001.abcdef01');
  });

  it('keep a name that is all extension', () => {
    expect(resultStem(job('sketch/.jpg'))).toBe('sketch/.jpg.1700000000000001.abcdef01');
  });

  it('put the report of an unknown operation aside', () => {
    expect(errorReportName(job('paint/1.jpg', 'paint'))).toBe(
      '_unknown/paint/1.1700000000000001.abcdef01.error.json',
    );
  });

  it('keep the folder of another operation than the one that was asked for', () => {
    expect(resultStem(job('sketch/1.jpg', 'paint'))).toBe('_unknown/sketch/1.1700000000000001.abcdef01');
  });

  it('stay within 1,024 bytes for the longest names, and differ when the names differ at their ends only', () => {
    const long = (end: string) => `sketch/${'ä'.repeat(507)}${end}`;
    const names = ['1', '2'].map((end) => receiptName({ ...job(long(end)), id: end.repeat(32) }));
    for (const name of names) expect(bytes(name)).toBeLessThanOrEqual(1_024);
    expect(names[0]).not.toBe(names[1]);
    expect(names[0]).toMatch(/^sketch\/ä+~/);
  });
});

describe('names of uploads through the site', () => {
  it('give back their owner', () => {
    const name = webObjectName('owner1', 'upload1', 'C:\\photos\\cat.jpg');
    expect(name).toBe('owner1/upload1/cat.jpg');
    expect(webOwner(name)).toBe('owner1');
    expect(webOwner('cat.jpg')).toBeNull();
    expect(webOwner('/owner1/cat.jpg')).toBeNull();
  });

  it('have no control characters, keep the end of a long name, and are never empty', () => {
    expect(webObjectName('o', 'u', 'a\r\nb.jpg')).toBe('o/u/ab.jpg');
    expect(webObjectName('o', 'u', '\n')).toBe('o/u/picture');
    const long = webObjectName('o', 'u', `${'🐈'.repeat(400)}.jpg`);
    expect(bytes(long)).toBeLessThanOrEqual(512);
    expect(long.endsWith('🐈.jpg')).toBe(true);
  });
});
