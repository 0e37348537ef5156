import { describe, expect, it } from 'vitest';
import { storedForm } from './derived-text.ts';
import { firstBytes, isDocumentId, isFieldName, shownText, storableText, textProblem } from './text.ts';

describe('textProblem', () => {
  it.each(['', 'cat.jpg', '猫', '🐈', '\u{10ffff}', 'a\nb', 'e\u0301'])('holds %j', (text) => {
    expect(textProblem(text, 100)).toBeNull();
  });

  it.each(['\ud83d hello', 'a\udc00', '\ude00\ud83d'])('refuses the lone surrogate in %j', (text) => {
    expect(textProblem(text, 100)).toContain('Unicode');
  });

  it('refuses NUL', () => {
    expect(textProblem('a\0b', 100)).toContain('NUL');
  });

  it('counts bytes of UTF-8, not characters', () => {
    expect(textProblem('🐈'.repeat(3), 12)).toBeNull();
    expect(textProblem('🐈'.repeat(3), 11)).toContain('12 bytes');
  });
});

describe('storableText', () => {
  it('says what is wrong with a text', () => {
    expect(storableText().safeParse('\ud800').error?.issues[0]?.message).toContain('Unicode');
    expect(storableText().safeParse('x'.repeat(1_499)).success).toBe(true);
    expect(storableText().safeParse('x'.repeat(1_500)).success).toBe(false);
  });
});

describe('isDocumentId', () => {
  it.each(['', '.', '..', 'a/b', '__proto__', '____', '__\n__', '\ud800', 'a\0', 'x'.repeat(1_500)])(
    'refuses %j',
    (text) => {
      expect(isDocumentId(text)).toBe(false);
    },
  );

  it.each(['a', '...', '__a', 'a__', 'vm-1', '__'])('takes %j', (text) => {
    expect(isDocumentId(text)).toBe(true);
  });
});

describe('shownText', () => {
  it('shows what cannot be held, and ends within a limit on a whole character', () => {
    expect(shownText('a\ud800\0b', 100)).toBe('a\ufffd\ufffdb');
    for (let bytes = 3; bytes < 40; bytes++) {
      const text = shownText('🐈é'.repeat(20), bytes);
      expect(textProblem(text, bytes)).toBeNull();
      expect(text.endsWith('…')).toBe(true);
    }
  });
});

describe('firstBytes', () => {
  it('ends on a whole character, with all that fits', () => {
    const text = 'é🐈a'.repeat(3);
    const kept = [0, 1, 2, 5, 6, 7, 21, 22, 99].map((bytes) => firstBytes(text, bytes));
    expect(kept).toEqual(['', '', 'é', 'é', 'é🐈', 'é🐈a', text, text, text]);
    expect(firstBytes('\ud800b', 3)).toBe('\ud800');
  });

  // Character by character this takes longer than a test may: a body that is put aside is as long.
  it('cuts millions of characters', () => {
    const kept = firstBytes('é'.repeat(8_000_000), 9_000_001);
    expect(kept).toHaveLength(4_500_000);
  });
});

describe('isFieldName', () => {
  it.each(['', '__x__', '__\n__', '\ud800', 'k'.repeat(1_500)])('refuses %j', (text) => {
    expect(isFieldName(text)).toBe(false);
  });
});

describe('storedForm', () => {
  it('leaves alone what can be held, and keeps apart what cannot', () => {
    expect(storedForm('cat 🐈', 100)).toBe('cat 🐈');
    const texts = [
      '\ud800',
      '\ud801',
      'a\0',
      'a\ufffd\0',
      'x'.repeat(200),
      `${'x'.repeat(200)}y`,
      '🐈'.repeat(50),
    ];
    const forms = texts.map((text) => storedForm(text, 100));
    expect(new Set(forms).size).toBe(texts.length);
    for (const form of forms) expect(textProblem(form, 100)).toBeNull();
  });
});
