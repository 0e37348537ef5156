import { describe, expect, it } from 'vitest';
import { MachineError, machineLacks, PermanentError } from './errors.ts';
import { lackSentence, machineErrorOf, nativeMachineErrorOf } from './machine-lack.ts';

const system = (code: string, syscall = 'write') =>
  Object.assign(new Error(`${code}: it failed, ${syscall}`), { code, syscall });

describe('an error that tells of a lack of the machine', () => {
  it.each([
    ['ENOSPC', 'disk'],
    ['EDQUOT', 'disk'],
    ['EFBIG', 'disk'],
    ['EIO', 'disk'],
    ['EROFS', 'writable_disk'],
    ['EMFILE', 'file_handles'],
    ['ENFILE', 'file_handles'],
    ['ENOMEM', 'memory'],
  ])('is known by its code %s', (code, lack) => {
    expect(machineErrorOf(system(code))).toMatchObject({ name: 'MachineError', lack });
  });

  it('is known where no process can be started, and only there, by EAGAIN', () => {
    expect(machineErrorOf(system('EAGAIN', 'spawn /usr/bin/node'))).toMatchObject({ lack: 'processes' });
    expect(machineErrorOf(system('EAGAIN', 'read'))).toBeNull();
  });

  it.each([
    ['VipsForeignLoad: wbuffer_write: write failed\nunix error: No space left on device', 'disk'],
    ['/tmp/job-1/source: unable to open for read\nunix error: Too many open files', 'file_handles'],
    ['pthread_create failed: Resource temporarily unavailable', 'processes'],
    ['unix error: Read-only file system', 'writable_disk'],
  ])('is known by the words of a native library: %j', (message, lack) => {
    expect(nativeMachineErrorOf(new Error(message))).toMatchObject({ lack });
  });

  it('is found among the causes, as it is', () => {
    const own = new MachineError('memory', 'It was killed.');
    expect(machineErrorOf(new Error('outside', { cause: own }))).toBe(own);
    const full = new PermanentError('model_missing', 'The disk is full.', { cause: system('ENOSPC') });
    expect(machineErrorOf(full)).toMatchObject({ lack: 'disk', cause: full });
  });
});

describe('an error that tells of none', () => {
  it.each([
    ['another code', system('ENOENT')],
    ['no code', new Error('VipsJpeg: premature end of JPEG image')],
    ['a code of a service', Object.assign(new Error('No such object'), { code: 404 })],
    ['nothing at all', undefined],
  ])('is one with %s', (_, error) => {
    expect(machineErrorOf(error)).toBeNull();
    expect(nativeMachineErrorOf(error)).toBeNull();
  });

  it('is one that is its own cause', () => {
    const error = new Error('round and round');
    error.cause = new Error('inside', { cause: error });
    expect(machineErrorOf(error)).toBeNull();
  });

  it('is one whose words a stranger may have chosen', () => {
    expect(machineErrorOf(new Error('No such object: uploads/Too many open files.jpg'))).toBeNull();
  });
});

it('every lack has its sentence', () => {
  expect(new Set(machineLacks.map(lackSentence)).size).toBe(machineLacks.length);
  expect(lackSentence('daylight')).toBe('It lacks daylight.');
});
