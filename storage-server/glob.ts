import { invalid } from './errors.ts';

/**
 * A listing's `matchGlob` as a regular expression: `*` and `?` stay within a folder, `**` does not; `[…]` and `{a,b}`
 * as in a shell. Throws a 400.
 */
export function globPattern(glob: string): RegExp {
  const source = glob.replaceAll(/\*\*\/?|\*|\?|\[[^\]]*\]|[{},]|[.+^$()|\\[\]]/g, (token) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token === '{') return '(?:';
    if (token === '}') return ')';
    if (token === ',') return glob.includes('{') ? '|' : ',';
    if (token.length > 1) return `[${token.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
    return `\\${token}`;
  });
  try {
    return new RegExp(`^${source}$`, 'su');
  } catch {
    throw invalid(`Invalid value for matchGlob: '${glob}'`);
  }
}
