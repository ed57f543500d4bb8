import { describe, expect, it } from 'vitest';
import * as marked from '../../src/view/marked';
import { plain } from '../../src/view/text';
import { drawn } from '../console/drawn';

const text = (template: unknown): string => drawn(template).text;

describe('what a visitor typed', () => {
  const said = 'Minua veloitettiin kahteen kertaan, https://havu.example/kahteen';

  it('is drawn with its links, and marks nothing by itself', () => {
    expect(text(plain(said))).toContain('kahteen kertaan, <a href=https://havu.example/kahteen');
    expect(text(plain(said))).not.toContain('<mark>');
  });

  it('is drawn for an agent with the words marked that told something, but none inside a link', () => {
    const shown = text(marked.plain(said, ['kahteen kertaan', 'havu']));
    expect(shown).toContain('veloitettiin <mark>kahteen kertaan</mark>, <a href=');
    expect(shown.match(/<mark>/g)).toHaveLength(1);
    expect(text(marked.plain(said, []))).toBe(text(plain(said)));
  });
});
