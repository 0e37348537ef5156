import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { pinnedVersions, readLock } from './locked-packages.ts';

const lock = {
  'node_modules/a': { version: '1.0.0' },
  'node_modules/b': { version: '2.0.0' },
  'node_modules/b/node_modules/a': { version: '0.9.0' },
  'pipeline/node_modules/b': { version: '3.0.0' },
  'pipeline/node_modules/b/node_modules/a': { version: '0.8.0' },
};

it('a package has the version that all share', () => {
  // What another package has for itself is not what ours import.
  expect(pinnedVersions(lock, ['a'])).toEqual({ a: '1.0.0' });
});

it('a package that a workspace has in another version cannot be pinned, nor can one that is missing', () => {
  expect(() => pinnedVersions(lock, ['b'])).toThrow(
    'b is in the lock file as 2.0.0 and, in pipeline/node_modules/b, as 3.0.0: let the workspace take the first.',
  );
  expect(() => pinnedVersions(lock, ['c'])).toThrow('c is not in the lock file.');
});

it('what the use cases import can be pinned by the lock file of this repository', async () => {
  const { dependencies } = (await import('../pipeline/package.json', { with: { type: 'json' } })).default;
  const ours = Object.keys(dependencies).filter((name) => !name.startsWith('@spillway/'));
  const locked = await readLock(fileURLToPath(new URL('../package-lock.json', import.meta.url)));
  expect(Object.keys(pinnedVersions(locked, ours))).toEqual(ours);
});
