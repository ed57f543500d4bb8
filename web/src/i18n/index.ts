/** From keys to words. The texts themselves stand in fi.ts, da.ts and en.ts, in the same keys. */
import type { Language } from '../core/protocol';

/** A text, or one for one and one for several (`{n}` decides). */
export type Text = string | { one: string; other: string };
export type Texts = Readonly<Record<string, Text>>;
export type Vars = Readonly<Record<string, string | number>>;
export type Translate<Key extends string = string> = (key: Key, vars?: Vars) => string;

/** BCP 47 tags for Intl: numbers, times and plurals as the country writes them. */
export const LOCALE: Readonly<Record<Language, string>> = { fi: 'fi-FI', da: 'da-DK', en: 'en-GB' };

/** Each language's name in itself. */
export const NAMES: Readonly<Record<Language, string>> = { fi: 'Suomi', da: 'Dansk', en: 'English' };

/** A function from key to text. A `{name}` without a value stays as it is, so that a fault is seen. */
export function translator<T extends Texts>(texts: T, language: Language): Translate<keyof T & string> {
  const plural = new Intl.PluralRules(LOCALE[language]);
  const number = new Intl.NumberFormat(LOCALE[language]);
  return (key, vars = {}) => {
    const text = texts[key] as Text;
    const n = vars['n'];
    const chosen =
      typeof text === 'string' ? text : typeof n === 'number' && plural.select(n) === 'one' ? text.one : text.other;
    return chosen.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = vars[name];
      return value === undefined ? whole : typeof value === 'number' ? number.format(value) : value;
    });
  };
}
