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
