import { describe, expect, it } from 'vitest';
import { blocks, marked, pieces } from '../../src/core/text';

const links = (text: string): string[] => pieces(text).flatMap((piece) => (piece.kind === 'link' ? [piece.href] : []));

describe('links in a message', () => {
  it('are found, without the punctuation of the sentence', () => {
    expect(links('Katso https://havu.example/palautus. Tai (https://havu.example/a_(b))!')).toEqual([
      'https://havu.example/palautus',
      'https://havu.example/a_(b)',
    ]);
    expect(links('Skriv til kundeservice@havu.example.')).toEqual(['mailto:kundeservice@havu.example']);
  });

  it('lead nowhere but to the web and to mail', () => {
    for (const text of [
      'javascript:alert(1)',
      'JaVaScRiPt://havu.example/%0aalert(1)',
      'data:text/html,<script>alert(1)</script>',
      'vbscript:x',
      'file:///etc/passwd',
      'https://',
    ]) {
      expect(links(text), text).toEqual([]);
    }
  });

  it('lose nothing of the text around them', () => {
    const text = 'a https://havu.example/?q=1&b=2, b\n<b>c</b> d@e.fi';
    expect(
      pieces(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });
});

describe('a mail address', () => {
  it('is found whole in whatever stands around it', () => {
    expect(links('(a.b+c@d-e.co.fi), x@y.dk–z@w.fi; @havu.example a@b @')).toEqual([
      'mailto:a.b+c@d-e.co.fi',
      'mailto:x@y.dk',
      'mailto:z@w.fi',
    ]);
    expect(links('a@b.fi@c.fi https://d@e.fi/f@g.fi')).toEqual(['mailto:a@b.fi', 'https://d@e.fi/f@g.fi']);
  });
});

describe('a message that is made to be slow', () => {
  const N = 40_000;
  /** Each takes four seconds where every letter is tried as a beginning, and a few milliseconds where none is. */
  const LIMIT_MS = 1_000;
  const timed = (read: () => unknown): number => {
    const start = performance.now();
    read();
    return performance.now() - start;
  };

  it.each([
    ['a long word', 'a'.repeat(N)],
    ['a word of dots', 'a.'.repeat(N / 2)],
    ['an address with a long tail', `https://x${'.'.repeat(N)}x`],
    ['many signs of an address', 'a@'.repeat(N / 2)],
  ])('has its links found at once: %s', (_, text) => {
    expect(timed(() => pieces(text))).toBeLessThan(LIMIT_MS);
    expect(pieces(text).map((piece) => piece.text).join('')).toBe(text);
  });

  it.each([
    ['line breaks in the middle', `a${'\n'.repeat(N)}b`],
    ['a dash before much room', `- ${' '.repeat(N)}x\u2028y`],
  ])('has its blocks found at once: %s', (_, text) => {
    expect(timed(() => blocks(text))).toBeLessThan(LIMIT_MS);
  });
});

describe('the blocks of an answer', () => {
  it('are lists where lines begin with a dash, and lines elsewhere', () => {
    expect(blocks('Näin:\n- ensin\n- sitten\n\nValmis.')).toEqual([
      { kind: 'lines', text: 'Näin:' },
      { kind: 'list', items: ['ensin', 'sitten'] },
      { kind: 'lines', text: 'Valmis.' },
    ]);
  });

  it('do not take a range of numbers or a negative one for a list', () => {
    expect(blocks('-5 astetta\nklo 9–17')).toEqual([{ kind: 'lines', text: '-5 astetta\nklo 9–17' }]);
  });

  it('are none for an empty text', () => {
    expect(blocks('\n\n')).toEqual([]);
  });
});

describe('marked evidence', () => {
  it('is the very words, whatever their case, and every time', () => {
    expect(marked('Kahteen kertaan! Siis kahteen kertaan.', ['kahteen kertaan'])).toEqual([
      { text: 'Kahteen kertaan', mark: true },
      { text: '! Siis ', mark: false },
      { text: 'kahteen kertaan', mark: true },
      { text: '.', mark: false },
    ]);
  });

  it('joins finds that overlap or touch', () => {
    expect(marked('abcdef', ['abc', 'cd', 'ef'])).toEqual([{ text: 'abcdef', mark: true }]);
  });

  it('changes no letter of the text', () => {
    for (const [text, words] of [
      ['İstanbul on kaukana', ['kaukana']],
      ['x', ['', ' ', 'yy']],
      ['', ['a']],
    ] as const) {
      expect(
        marked(text, words)
          .map((cut) => cut.text)
          .join(''),
      ).toBe(text);
    }
  });
});
