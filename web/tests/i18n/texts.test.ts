import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as da from '../../src/i18n/da';
import * as en from '../../src/i18n/en';
import * as fi from '../../src/i18n/fi';
import { type Text, type Texts, translator } from '../../src/i18n/index';

const ALL = { fi, da, en } as const;
const PARTS = ['loader', 'widget', 'console', 'demo'] as const;

function forms(text: Text): string[] {
  return typeof text === 'string' ? [text] : [text.one, text.other];
}

function places(text: Text): string[] {
  return [
    ...new Set(forms(text).flatMap((form) => [...form.matchAll(/\{(\w+)\}/g)].map((m) => m[1] as string))),
  ].sort();
}

describe.each(PARTS)('the texts of %s', (part) => {
  const wanted: Texts = en[part];

  it.each(['fi', 'da'] as const)('have no gap and nothing extra in %s', (language) => {
    expect(Object.keys(ALL[language][part]).sort()).toEqual(Object.keys(wanted).sort());
  });

  it.each(['fi', 'da'] as const)('have the same placeholders in %s', (language) => {
    const texts: Texts = ALL[language][part];
    for (const key of Object.keys(wanted)) {
      expect(places(texts[key] as Text), key).toEqual(places(wanted[key] as Text));
      expect(typeof texts[key], key).toBe(typeof wanted[key]);
    }
  });

  it.each(['fi', 'da', 'en'] as const)('are filled and typeset properly in %s', (language) => {
    for (const [key, text] of Object.entries(ALL[language][part] as Texts)) {
      for (const form of forms(text)) {
        expect(form.trim(), key).toBe(form);
        expect(form, key).not.toBe('');
        expect(form, `${key}: typewriter quotes or dots`).not.toMatch(/["']|\.\.\./);
        expect(form, `${key}: exclamation marks in a row`).not.toMatch(/!!/);
      }
    }
  });
});

describe('the source', () => {
  const root = resolve(__dirname, '../../src');
  const code = (readdirSync(root, { recursive: true }) as string[])
    .filter((name) => name.endsWith('.ts') && !name.startsWith('i18n'))
    .map((name) => readFileSync(resolve(root, name), 'utf8'))
    .join('\n');

  it.each(PARTS)('uses every text of %s', (part) => {
    const unused = Object.keys(en[part]).filter((key) => !new RegExp(`['.]${key}\\b`).test(code));
    expect(unused).toEqual([]);
  });
});

describe('a translator', () => {
  it('chooses the plural form and writes numbers as the country does', () => {
    const t = translator(da.widget, 'da');
    expect(t('newMessages', { n: 1 })).toBe('1 ny besked');
    expect(t('tooLong', { n: 4120, max: 4000 })).toBe('4.120 tegn, og der er plads til 4.000. Gør den lidt kortere.');
  });

  it('leaves a placeholder without a value in sight', () => {
    expect(translator(en.widget, 'en')('joined')).toBe('{name} joined the conversation');
  });
});
