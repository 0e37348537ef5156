import { expect, it } from 'vitest';
import { matchingRule, problemsOfRules, type SourceRule, sourceRuleSchema } from './source-rules.ts';

const rule = (changes: Partial<SourceRule>): SourceRule =>
  sourceRuleSchema.parse({ prefix: 'camera/', operations: ['sketch'], ...changes });

it('the narrower of two rules wins', () => {
  const rules = [rule({ prefix: 'camera/' }), rule({ prefix: 'camera/garden/' })];
  expect(matchingRule(rules, 'camera/garden/1.jpg')?.prefix).toBe('camera/garden/');
  expect(matchingRule(rules, 'camera/1.jpg')?.prefix).toBe('camera/');
  expect(matchingRule(rules, 'other/1.jpg')).toBeNull();
});

it.each<[string, SourceRule[], string, string]>([
  ['names no operation that there is', [rule({ operations: ['blur'] })], 'operations', 'no operation “blur”'],
  ['names one twice', [rule({ operations: ['sketch', 'sketch'] })], 'operations', 'named twice'],
  ['has the prefix of another', [rule({}), rule({})], 'prefix', 'Rule 1 has the same prefix'],
  ['has a prefix that is no upload', [rule({ prefix: '_tmp/' })], 'prefix', 'no rule reaches them'],
  ['has options that its operation does not take', [rule({ options: { blur: 'much' } })], 'options', 'blur'],
  [
    'has options of one of several that it does not take',
    [rule({ operations: ['sketch', 'caption'], options: { caption: { beams: -1 } } })],
    'options',
    'The options of caption',
  ],
])('a rule that %s is refused', (_, rules, field, words) => {
  expect(problemsOfRules(rules)).toMatchObject([{ rule: rules.length - 1, field }]);
  expect(problemsOfRules(rules)[0]?.message).toContain(words);
});

it('a rule may have options for each of its operations, and name what it named before its plug-in went', () => {
  const each = rule({ operations: ['sketch', 'caption'], options: { sketch: { blur: 9 } } });
  expect(problemsOfRules([each])).toEqual([]);
  const gone = rule({ operations: ['blur'] });
  expect(problemsOfRules([gone], [gone])).toEqual([]);
});
