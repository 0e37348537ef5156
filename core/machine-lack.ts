import { MachineError, type MachineLack } from './errors.ts';

/** What each error code of the system says about the machine. @see man 3 errno */
const lackOfCode: Readonly<Record<string, MachineLack>> = {
  ENOSPC: 'disk',
  EDQUOT: 'disk',
  EFBIG: 'disk',
  EIO: 'disk',
  EROFS: 'writable_disk',
  EMFILE: 'file_handles',
  ENFILE: 'file_handles',
  ENOMEM: 'memory',
};

/** The same in the words of `strerror`. Native libraries pass on only these. */
const lackOfText: readonly (readonly [RegExp, MachineLack])[] = [
  [/No space left on device|Disk quota exceeded|File too large|Input\/output error/, 'disk'],
  [/Read-only file system/, 'writable_disk'],
  [/Too many open files/, 'file_handles'],
  [/Resource temporarily unavailable/, 'processes'],
];

const lackSentences = {
  disk: 'Its disk is full or fails.',
  writable_disk: 'Its disk cannot be written to.',
  file_handles: 'Too many files are open.',
  memory: 'It has no memory left.',
  processes: 'It can start no more programs or threads.',
} as const satisfies Record<MachineLack, string>;

/** What a machine lacks, as one English sentence. Words that only a newer version knows have a sentence too. */
export function lackSentence(lack: string): string {
  return isKnown(lack) ? lackSentences[lack] : `It lacks ${lack}.`;
}

function isKnown(lack: string): lack is MachineLack {
  return Object.hasOwn(lackSentences, lack);
}

/**
 * The machine's fault that an error or one of its causes names by a code of the system; null if there is none.
 */
export function machineErrorOf(error: unknown): MachineError | null {
  const seen = new Set<Error>();
  // An error may be among its own causes.
  for (let each = error; each instanceof Error && !seen.has(each); each = each.cause) {
    seen.add(each);
    if (each instanceof MachineError) return each;
    const lack = lackFromCode(each);
    if (lack) return lacking(lack, error);
  }
  return null;
}

/**
 * The same for an error of a native library, which may have no code. Call it for no other error: the words of others
 * may come from a stranger, such as the name of a file.
 */
export function nativeMachineErrorOf(error: unknown): MachineError | null {
  const byCode = machineErrorOf(error);
  if (byCode || !(error instanceof Error)) return byCode;
  const lack = lackOfText.find(([text]) => text.test(error.message))?.[1];
  return lack ? lacking(lack, error) : null;
}

function lacking(lack: MachineLack, cause: unknown): MachineError {
  return new MachineError(lack, `The machine cannot work: ${lackSentence(lack)}`, { cause });
}

function lackFromCode(error: Error): MachineLack | null {
  const code = 'code' in error ? String(error.code) : '';
  const syscall = 'syscall' in error ? String(error.syscall) : '';
  // The kernel's answer to `fork` if no more processes are allowed.
  if (code === 'EAGAIN' && /^(spawn|fork)/.test(syscall)) return 'processes';
  return lackOfCode[code] ?? null;
}
