/** The end of a sentence that begins with a path, from an error of the file system; null for any other error. */
export function fileProblem(error: unknown): string | null {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error)) return null;
  return wordsOf(String(error.code)) ?? `cannot be used (${error.message})`;
}

function wordsOf(code: string): string | null {
  switch (code) {
    case 'ENOENT':
      return 'is not there';
    case 'EACCES':
    case 'EPERM':
      return 'may not be used by this user: permission is denied';
    case 'ENOTDIR':
      return 'is not there: a part of its path is a file and no folder';
    case 'EISDIR':
      return 'is a folder';
    case 'ELOOP':
      return 'is a link that leads in a circle';
    case 'ENAMETOOLONG':
      return 'has a name that is too long for this file system';
    case 'ENOSPC':
      return 'is on a disk that is full';
    case 'EDQUOT':
      return 'is on a disk where this user’s share is used up';
    case 'EROFS':
      return 'is on a disk that is read-only';
    case 'EFBIG':
      return 'would be larger than this file system allows';
    case 'EMFILE':
    case 'ENFILE':
      return 'cannot be opened: too many files are open on this machine';
    case 'EIO':
      return 'is on a disk that reports an error';
    case 'ENXIO':
    case 'ENODEV':
      return 'is a socket or a device that cannot be opened';
    case 'EPIPE':
      return 'was closed by its reader before all was written';
    case 'ETXTBSY':
    case 'EBUSY':
      return 'is in use';
    default:
      return null;
  }
}
