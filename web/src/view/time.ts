/** Times as people of the language write them. */
import type { Language } from '../core/protocol';
import { LOCALE, type Translate } from '../i18n/index';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: Language, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + name;
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(LOCALE[language], options)));
  return made;
}

/** Hours and minutes: 10.15 in Finnish and Danish, 10:15 in English. */
export function clockTime(at: number | string, language: Language): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  return format(language, 'time', { hour: 'numeric', minute: '2-digit' }).format(date);
}

/** Date and time in full, for titles and details. */
export function fullTime(at: number | string, language: Language): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  return format(language, 'full', { dateStyle: 'medium', timeStyle: 'short' }).format(date);
}

/** What stands between a day and a time. */
const AT: Readonly<Record<Language, string>> = { fi: ' klo ', da: ' kl. ', en: ', ' };

function dayOf(date: Date, language: Language): string {
  const month = language === 'en' ? 'short' : 'numeric';
  return format(language, 'dayOf', { weekday: 'short', day: 'numeric', month }).format(date);
}

/** Day and time of something to come. */
export function whenTime(at: number | string, language: Language): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : dayOf(date, language) + AT[language] + clockTime(at, language);
}

/** From when to when on one day. */
export function spanTime(from: number | string, to: number | string, language: Language): string {
  const start = whenTime(from, language);
  return start && `${start}–${clockTime(to, language)}`;
}

/** For `datetime`; empty for what is no time, as `Date` itself would throw. */
export function isoTime(at: number | string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/** The local calendar day, for comparing. */
export function dayKey(at: number | string): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** "Today", "Yesterday" or the date. */
export function dayName(
  at: number | string,
  now: number,
  language: Language,
  t: Translate<'today' | 'yesterday'>,
): string {
  if (dayKey(at) === dayKey(now)) return t('today');
  const before = new Date(now);
  before.setDate(before.getDate() - 1);
  if (dayKey(at) === dayKey(before.getTime())) return t('yesterday');
  return format(language, 'day', { weekday: 'long', day: 'numeric', month: 'long' }).format(new Date(at));
}

/** Initials for an avatar: at most two letters. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? '?')][0]?.toLocaleUpperCase() ?? '').join('');
}
