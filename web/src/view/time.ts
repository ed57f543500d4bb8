/** Times as people of the language write them. */
import type { Language, ToldZone } from '../core/protocol';
import { LOCALE, type Translate } from '../i18n/index';

const CLOCK: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' };

const formats = new Map<string, Intl.DateTimeFormat>();

/** With a zone in that one, else in the reader's own; throws a RangeError for a zone that this browser does not know. */
function format(
  language: Language,
  name: string,
  options: Intl.DateTimeFormatOptions,
  timeZone?: string,
): Intl.DateTimeFormat {
  const key = `${language} ${name} ${timeZone ?? ''}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(LOCALE[language], timeZone ? { ...options, timeZone } : options);
    formats.set(key, made);
  }
  return made;
}

function knows(zone: string): boolean {
  try {
    return format('en', 'time', CLOCK, zone) !== null;
  } catch {
    return false;
  }
}

/** Hours and minutes: 10.15 in Finnish and Danish, 10:15 in English. */
export function clockTime(at: number | string, language: Language, zone?: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  return format(language, 'time', CLOCK, zone).format(date);
}

/** Date and time in full, for titles and details. */
export function fullTime(at: number | string, language: Language): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  return format(language, 'full', { dateStyle: 'medium', timeStyle: 'short' }).format(date);
}

/** What stands between a day and a time. */
const AT: Readonly<Record<Language, string>> = { fi: ' klo ', da: ' kl. ', en: ', ' };

function dayOf(date: Date, language: Language, zone?: string): string {
  const month = language === 'en' ? 'short' : 'numeric';
  return format(language, 'dayOf', { weekday: 'short', day: 'numeric', month }, zone).format(date);
}

/** Day and time of something to come: by the clock of `told` and with its name, else by the reader's own. */
export function whenTime(at: number | string, language: Language, told?: ToldZone): string {
  return spanTime(at, null, language, told);
}

/** From when to when on one day; without an end as {@link whenTime}. */
export function spanTime(
  from: number | string,
  to: number | string | null,
  language: Language,
  told?: ToldZone,
): string {
  const date = new Date(from);
  if (Number.isNaN(date.getTime())) return '';
  const known = told && knows(told.zone) ? told : undefined;
  const zone = known?.zone;
  const start = dayOf(date, language, zone) + AT[language] + clockTime(from, language, zone);
  const end = to === null ? '' : `–${clockTime(to, language, zone)}`;
  return start + end + (known?.name ? ` ${known.name}` : '');
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
