/** Finds a promise in what an agent writes ("I'll call you by Friday"), and until when it holds. Pure. */

const SAID: readonly RegExp[] = [
  /\b(?:I|we)(?:['’]ll| will| shall|['’]m going to| am going to)\b/i,
  /\bI(?:['’]m| am) (?:refunding|sending|checking|calling)\b/i,
  /\b(?:minä |me )?(?:palautan|lähetän|soitan|selvitän|tarkistan|ilmoitan|palaan|hoidan|lähetämme|soitamme|selvitämme|palautamme|ilmoitamme|palaamme|hoidamme)\b/i,
  /\b(?:jeg|vi) (?:skal nok|ringer|sender|vender tilbage|undersøger|tjekker|tilbagefører|refunderer|sørger|skriver|giver besked)\b/i,
];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** When a day is named without an hour: the end of a working day. */
const EVENING = 16;

const WEEKDAYS: readonly RegExp[] = [
  /\b(?:sunday|sunnuntai\p{L}*|søndag)/iu,
  /\b(?:monday|maanantai\p{L}*|mandag)/iu,
  /\b(?:tuesday|tiistai\p{L}*|tirsdag)/iu,
  /\b(?:wednesday|keskiviik\p{L}*|onsdag)/iu,
  /\b(?:thursday|torstai\p{L}*|torsdag)/iu,
  /\b(?:friday|perjantai\p{L}*|fredag)/iu,
  /\b(?:saturday|lauantai\p{L}*|lørdag)/iu,
];

export interface Promised {
  /** The sentence that promises. */
  text: string;
  /** Milliseconds since the epoch. */
  by: number;
}

function span(sentence: string): number | null {
  const found =
    /(\d{1,3})\s*(min\p{L}*|t(?:im\p{L}*|unni\p{L}*|ime\p{L}*)?\b|h\b|hours?|päiv\p{L}*|days?|dag\p{L}*)/iu.exec(sentence);
  if (!found) return null;
  const unit = (found[2] ?? '').toLowerCase();
  const size = unit.startsWith('min') ? MINUTE : /^(päiv|day|dag)/.test(unit) ? DAY : HOUR;
  return Number(found[1]) * size;
}

function clock(sentence: string): [number, number] | null {
  const found = /(?:klo|kl\.?|at|by|before|inden|ennen)\s*(\d{1,2})(?:[.:](\d\d))?\s*(am|pm)?\b/i.exec(sentence);
  if (!found) return null;
  const hour = (Number(found[1]) % 24) + (found[3]?.toLowerCase() === 'pm' && Number(found[1]) < 12 ? 12 : 0);
  return [hour, Number(found[2] ?? 0)];
}

function dayOf(sentence: string, now: Date): number | null {
  if (/\b(?:today|tänään|i dag)\b/i.test(sentence)) return 0;
  if (/\b(?:tomorrow|huomen\p{L}*|i morgen)/iu.test(sentence)) return 1;
  const weekday = WEEKDAYS.findIndex((name) => name.test(sentence));
  return weekday < 0 ? null : (weekday - now.getDay() + 7) % 7 || 7;
}

/** Until when `sentence` says, in the reader's own time zone; null when it names no time. */
function until(sentence: string, now: number): number | null {
  const start = new Date(now);
  const days = dayOf(sentence, start);
  const time = clock(sentence);
  if (days === null && time === null) {
    const ms = span(sentence);
    return ms === null ? null : now + ms;
  }
  const at = new Date(start);
  at.setDate(at.getDate() + (days ?? 0));
  at.setHours(...(time ?? ([EVENING, 0] as [number, number])), 0, 0);
  return at.getTime() > now ? at.getTime() : null;
}

/** The first promise with a time in `text`, or null. */
export function promiseIn(text: string, now: number): Promised | null {
  for (const sentence of text.split(/(?<=[.!?])(?<!\b(?:kl|ca|nr)\.)\s+|\n+/i)) {
    if (!SAID.some((pattern) => pattern.test(sentence))) continue;
    const by = until(sentence, now);
    if (by !== null) return { text: sentence.trim().slice(0, 200), by };
  }
  return null;
}
