/**
 * Until when a sentence says that something holds or will be done ("by Friday", "huomenna klo 14", "om en time"), in the
 * three languages of the house and by the reader's own clock. Pure.
 *
 * A number alone is no time: hours need "at", "klo" or "kl.", spans need "in", "kuluessa" or "om". What is doubtful is
 * read as nothing, since a reminder for the wrong day is worse than none.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The hub takes no reminder for later; what is named beyond is hardly what was promised ("your order of 12 October"). */
export const AHEAD_MAX_MS = 30 * DAY;

/** When a day, or a part of it, is named without an hour: when that part ends for those who work. */
const NOON = 12;
const EVENING = 16;
const NIGHT = 20;

/** Ends at letters and digits of any language; `\b` knows only those of English. */
const whole = (source: string): RegExp => new RegExp(`(?<![\\p{L}\\d])(?:${source})(?![\\p{L}\\d])`, 'iu');

// Days

/** How many days ahead. The first that is found counts. */
const DAYS: readonly (readonly [RegExp, number])[] = [
  [whole('(?:the )?day after tomorrow|ylihuom(?:enna|iseen|iseksi|isen aikana)|i ?overmorgen'), 2],
  [whole('tomorrow|huom(?:en|enna|iseen|iseksi|isen aikana)|huomis(?:aamu|ilta)\\p{L}*|i ?morgen'), 1],
  [whole('today|tonight|this (?:morning|afternoon|evening)|(?:end of|close of|within|during) (?:the )?(?:business )?day|close of business|EOD|COB'), 0],
  [whole('tänään|(?:työ)?päivän (?:aikana|päätteeksi|päättyessä|loppuun)|i ?dag|i ?(?:aften|eftermiddag|formiddag)|(?:i løbet af|inden) dagen'), 0],
];

/** Names of the days as a deadline has them; "last Friday", "Friday's parcel" and "hyvää perjantaita" are none. */
const weekday = (english: string, finnish: string, danish: string): RegExp =>
  new RegExp(
    String.raw`(?<!(?:last|past|since|viime|sidste|siden) )(?<![\p{L}\d])(?:${english}(?!['’]s)|${finnish}(?:na|hin|ksi|(?:aamu|ilta)\p{L}*|n (?:aikana|kuluessa))|${danish}(?:s?(?:morgen|formiddag|eftermiddag|aften))?)(?![\p{L}\d])`,
    'iu',
  );

const WEEKDAYS: readonly RegExp[] = [
  weekday('sunday', 'sunnuntai', 'søndag'),
  weekday('monday', 'maanantai', 'mandag'),
  weekday('tuesday', 'tiistai', 'tirsdag'),
  weekday('wednesday', 'keskiviik(?:ko|on?)', 'onsdag'),
  weekday('thursday', 'torstai', 'torsdag'),
  weekday('friday', 'perjantai', 'fredag'),
  weekday('saturday', 'lauantai', 'lørdag'),
];
const FRIDAY = 5;

const NEXT_WEEK = whole('next week|ensi viikol\\p{L}*|ensi viikon|(?:i )?næste uge');
const THIS_WEEK = whole('this week|end of (?:the )?week|tällä viikolla|(?:tämän )?viikon (?:loppuun|lopulla|loppupuolella)|(?:i )?denne uge|(?:inden )?ugen er (?:omme|slut)|i løbet af ugen|slutningen af ugen');

/** A day that is gone: what hour stands beside it is gone, too. */
const GONE = whole('yesterday|eilen|eilis\\p{L}*|i ?går');

const MONTHS: readonly string[] = [
  'jan(?:uary|uar)?|tammikuu\\p{L}*',
  'feb(?:ruary|ruar)?|helmikuu\\p{L}*',
  'mar(?:ch|ts)?|maaliskuu\\p{L}*',
  'apr(?:il)?|huhtikuu\\p{L}*',
  'may|maj|toukokuu\\p{L}*',
  'june?|juni|kesäkuu\\p{L}*',
  'july?|juli|heinäkuu\\p{L}*',
  'aug(?:ust)?|elokuu\\p{L}*',
  'sept?(?:ember)?|syyskuu\\p{L}*',
  'oct(?:ober)?|okt(?:ober)?|lokakuu\\p{L}*',
  'nov(?:ember)?|marraskuu\\p{L}*',
  'dec(?:ember)?|joulukuu\\p{L}*',
];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const YEAR = '(?:,? ?(?<year>20\\d\\d))?';

/** A date in the ways it is written; the day comes before the month, but in ISO and in "December 12". */
const DATES: readonly RegExp[] = [
  whole('(?<year>20\\d\\d)-(?<number>\\d\\d)-(?<day>\\d\\d)'),
  whole(`(?<day>\\d{1,2})(?:st|nd|rd|th|\\.)? (?:of )?${MONTH}\\.?${YEAR}`),
  whole(`${MONTH}\\.? (?<day>\\d{1,2})(?:st|nd|rd|th|\\.)?${YEAR}`),
  whole('(?<day>\\d{1,2})\\.(?<number>\\d{1,2})\\.(?<year>20\\d\\d|\\d\\d)'),
  // Without a year the second point tells a date from an hour; after "kl." it ends the sentence.
  /(?<!\b(?:klo|kello|kl\.?|klokken) ?)(?<![\d.,])(?<day>\d{1,2})\.(?<number>\d{1,2})\.(?!\d)/iu,
  /(?<!\b(?:klo|kello|kl\.?|klokken) ?)(?<![\d.,])(?<day>\d{1,2})\.(?<number>\d{1,2})\.? mennessä/iu,
  /(?<=\b(?:d\.|den|by|on|before|inden|senest|til|viimeistään|ennen) )(?<day>\d{1,2})\/(?<number>\d{1,2})(?:[-/](?<year>20\d\d|\d\d))?(?![\d/])/iu,
];
/** "by the 12th", "den 12.": this month's or the next. */
const DAY_OF_MONTH = /\b(?:(?:by|on|before) the (?<day>\d{1,2})(?:st|nd|rd|th)|den (?<number>\d{1,2})\.(?!\d))/iu;

/** The midnight with which a date begins, the next such where no year is given; null where there is none. */
function dateOf(start: Date, day: number, month: number, year: number | null): Date | null {
  const found = new Date(year ?? start.getFullYear(), month, day);
  if (year === null && found < start) found.setFullYear(found.getFullYear() + 1);
  return found.getDate() === day && found.getMonth() === month ? found : null;
}

/** The date that a sentence names, and the sentence without it: its numbers are no hours. */
function date(sentence: string, start: Date): { day: Date | null; rest: string } {
  for (const pattern of DATES) {
    const found = pattern.exec(sentence);
    const { day, number, month, year } = found?.groups ?? {};
    if (!found || !day) continue;
    const named = month === undefined ? Number(number) - 1 : MONTHS.findIndex((one) => whole(one).test(month));
    const full = year === undefined ? null : Number(year) + (year.length === 2 ? 2000 : 0);
    const made = dateOf(start, Number(day), named, full);
    // "at 14.30." has the look of a date, and is none.
    if (made) return { day: made, rest: sentence.replace(found[0], ' ') };
  }
  const found = DAY_OF_MONTH.exec(sentence);
  if (!found) return { day: null, rest: sentence };
  const day = Number(found.groups?.['day'] ?? found.groups?.['number']);
  const made = new Date(start.getFullYear(), start.getMonth() + (day < start.getDate() ? 1 : 0), day);
  return { day: made.getDate() === day ? made : null, rest: sentence.replace(found[0], ' ') };
}

/** How many days ahead a sentence says, without a date; null when it names no day. */
function daysOf(sentence: string, start: Date): number | null {
  const near = DAYS.find(([name]) => name.test(sentence));
  if (near) return near[1];
  const today = start.getDay();
  const monday = (today + 6) % 7;
  const named = WEEKDAYS.findIndex((name) => name.test(sentence));
  if (NEXT_WEEK.test(sentence)) return 7 - monday + (((named < 0 ? FRIDAY : named) + 6) % 7);
  if (named >= 0) return (named - today + 7) % 7 || 7;
  return THIS_WEEK.test(sentence) && today >= 1 && today <= FRIDAY ? FRIDAY - today : null;
}

// Hours

const HOURS = [
  'one|yhdeltä|yhteen|et|ét',
  'two|kahdelta|kahteen|to',
  'three|kolmelta|kolmeen|tre',
  'four|neljältä|neljään|fire',
  'five|viideltä|viiteen|fem',
  'six|kuudelta|kuuteen|seks',
  'seven|seitsemältä|seitsemään|syv',
  'eight|kahdeksalta|kahdeksaan|otte',
  'nine|yhdeksältä|yhdeksään|ni',
  'ten|kymmeneltä|kymmeneen|ti',
  'eleven|yhdeltätoista|yhteentoista|elleve',
  'twelve|kahdeltatoista|kahteentoista|tolv',
];
const HOUR_WORD = HOURS.join('|');
const AT = String.raw`(?<hour>\d{1,2})(?:[.:](?<minute>[0-5]\d))?`;
const HALF_DAY = String.raw`(?:\s*(?<half>[ap])\.?m\b\.?)?`;
/** What may follow a bare number that is an hour; "before 2 of them", "by 20 %" and "at 5 euros" are none. */
const AFTER = String.raw`(?=\s*(?:$|[.,;:!?)–-](?!\d)|(?:o['’]clock|today|tomorrow|tonight|on|this|in the|and|or|at the latest|latest|sharp|i ?dag|i ?morgen|på|og|senest|tänään|huomenna|ja|mennessä|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:man|tirs|ons|tors|fre|lør|søn)dag)(?![\p{L}\d])))`;
/** "10–12": by the end of that. */
const UPTO = String.raw`(?:\d{1,2}(?:[.:]\d\d)?\s*(?:[-–—]|to|til|and|og)\s*)?`;

const CLOCKS: readonly RegExp[] = [
  new RegExp(String.raw`(?<![\p{L}\d])(?:klo|kello|kl\.?|klokken)\s*(?:(?<before>halv|puoli)\s*)?${UPTO}(?:${AT}|(?<word>${HOUR_WORD})(?!\p{L}))(?!\d)`, 'iu'),
  new RegExp(String.raw`(?<![\p{L}\d])(?:between|mellem)\s+${UPTO}${AT}${HALF_DAY}(?![\d%€])`, 'iu'),
  new RegExp(String.raw`(?<![\p{L}\d])(?:at|by|before|until|inden|før|ennen)\s+(?:around |about |cirka |ca\.? |noin |n\. )?(?:\d{1,2}\s*[-–]\s*)?(?<hour>\d{1,2})(?:[.:](?<minute>[0-5]\d))?\s*(?<half>[ap])\.?m\b`, 'iu'),
  new RegExp(String.raw`(?<![\p{L}\d])(?:at|by|before|until|inden|før|ennen)\s+(?:around |about |cirka |ca\.? |noin |n\. )?(?:(?<hour>\d{1,2})[.:](?<minute>[0-5]\d)(?!\d|\s*(?:€|%|kr|eur|dkk|\p{Sc}))|(?:(?<only>\d{1,2})|(?<word>${HOUR_WORD}))${AFTER})`, 'iu'),
  new RegExp(String.raw`(?<![\p{L}\d])(?:(?<past>half past )?(?<word>${HOUR_WORD})|(?<hour>\d{1,2})) (?:o['’]clock|mennessä)`, 'iu'),
  new RegExp(String.raw`(?<![\p{L}\d])(?<word>${HOURS.map((one) => one.split('|')[1]).join('|')})(?!\p{L})`, 'iu'),
  new RegExp(String.raw`(?<![\p{L}\d.,])(?<hour>\d{1,2})(?:[.:](?<minute>[0-5]\d))?\s*(?<half>[ap])\.?m\b`, 'iu'),
  /(?<![\d.,:-])(?<hour>\d{1,2})[.:](?<minute>[0-5]\d)\s+mennessä/iu,
];

const PARTS: readonly (readonly [RegExp, number])[] = [
  [whole('noon|midday|(?:this|in the|tomorrow|\\p{L}+day) morning|puoleenpäivään|puoliltapäivin|aamu(?:lla|ksi|un)|aamupäivä(?:llä|ksi|n aikana)|\\p{L}+aamu(?:na|ksi)|(?:i |\\p{L}+dag)formiddag|(?:i ?morgen|tidligt?) (?:formiddag|tidlig)|om formiddagen|om morgenen'), NOON],
  [whole('tonight|evening|illa(?:lla|ksi)|iltaan|illemmalla|\\p{L}+ilta(?:na|an)|(?:i |\\p{L}*)aften|om aftenen'), NIGHT],
];

/** The hour that a sentence names: the clock's, else the end of a part of the day. */
function hourOf(sentence: string): [number, number] | null {
  for (const pattern of CLOCKS) {
    const { hour, only, word, minute, half, before, past } = pattern.exec(sentence)?.groups ?? {};
    const digits = hour ?? only;
    const named = word === undefined ? Number(digits) : HOURS.findIndex((one) => whole(one).test(word)) + 1;
    if (Number.isNaN(named) || named > 24 || (digits === undefined && word === undefined)) continue;
    let at = named % 24;
    if (half) at = (named % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
    // Nobody is called at three in the night, but for who writes it with a nought.
    else if (at >= 1 && at <= 6 && !digits?.startsWith('0')) at += 12;
    return before ? [at - 1, 30] : [at, past ? 30 : Number(minute ?? 0)];
  }
  const part = PARTS.find(([name]) => name.test(sentence));
  return part ? [part[1], 0] : null;
}

// Spans

/** Numbers as words, as they stand before a unit. */
const NUMBERS: readonly (readonly [string, number])[] = [
  ['half an?|half|puolen|en halv', 0.5],
  ['one and a half|an?|one|the|yhden|en|et|ét', 1],
  ['puolentoista|halvanden|halvandet', 1.5],
  ['two|a couple of|couple of|kahden|parin|to|et par|par', 2],
  ['three|a few|kolmen|muutaman|tre|nogle få|få', 3],
  ['four|neljän|fire', 4],
  ['five|viiden|fem', 5],
  ['six|kuuden|seks', 6],
  ['seven|seitsemän|syv', 7],
  ['eight|kahdeksan|otte', 8],
  ['ten|kymmenen|ti', 10],
  ['fifteen|viidentoista|femten', 15],
  ['twenty|kahdenkymmenen|tyve', 20],
  ['thirty|kolmenkymmenen|tredive', 30],
];
const NUMBER_WORD = NUMBERS.map(([words]) => words).join('|');

const WORKDAYS = String.raw`(?<workdays>(?:working|business|work) ?days?|arkipäiv\p{L}*|työpäiv\p{L}*|hverdage?|arbejdsdage?)`;
const UNIT = String.raw`(?:(?<minutes>min(?:utes?|uut\p{L}*|ut|utter)?)|(?<quarter>quarter of an hour|vartin|vartissa|kvarter)|(?<hours>h|hours?|hrs?|t|tunti\p{L}*|tunni\p{L}*|timers?|times?)|${WORKDAYS}|(?<days>days?|päiv\p{L}*|dage?|vuorokau\p{L}*|vrk)|(?<weeks>weeks?|viiko\p{L}*|uger?))(?![\p{L}\d-])`;
const ABOUT = String.raw`(?:(?:about|around|approximately|roughly|the next|next|at most|noin|n\.|ca\.?|cirka|omkring|maks\.?|max\.?|enintään|seuraavan|højst|de næste|den næste)\s+)*`;
/** Of "2–3 hours" the later counts. */
const COUNT = String.raw`(?:(?:\d{1,3}|${NUMBER_WORD})\s*(?:[-–—]|\bto\b|\bor\b|til|eller|tai)\s*)?(?:(?<digits>\d{1,3})|(?<word>${NUMBER_WORD})(?!\p{L}))`;

const SPANS: readonly RegExp[] = [
  new RegExp(String.raw`(?<![\p{L}\d])(?:in|within|inside|om|inden(?: ?for)?|i løbet af|på|give me|giv mig)\s+${ABOUT}${COUNT}\s*${UNIT}`, 'iu'),
  new RegExp(String.raw`(?<![\p{L}\d])(?:${COUNT}\s*)?${UNIT}\.?\s+(?:kuluessa|sisällä|sisään|kuluttua|päästä|aikana)`, 'iu'),
  // "5 minuutissa", "tunnissa"
  /(?<![\p{L}\d])(?:(?<digits>\d{1,3})\s*)?(?:(?<minutes>minuutissa)|(?<hours>tunnissa)|(?<days>päivässä|vuorokaudessa)|(?<weeks>viikossa))(?!\p{L})/iu,
];

interface Span {
  ms: number;
  /** Set where whole days are meant, of which Saturdays and Sundays may not count. */
  days: number | null;
}

function spanOf(sentence: string, start: Date): Span | null {
  for (const pattern of SPANS) {
    const found = pattern.exec(sentence)?.groups;
    if (!found) continue;
    const { digits, word, minutes, quarter, hours, workdays, days } = found;
    // "tunnin kuluttua": without a number it is one.
    const named = word === undefined ? 1 : NUMBERS.find(([words]) => new RegExp(`^(?:${words})$`, 'i').test(word))?.[1];
    const count = digits === undefined ? (named ?? 1) : Number(digits);
    if (minutes) return { ms: count * MINUTE, days: null };
    if (quarter) return { ms: 15 * MINUTE, days: null };
    if (hours) return { ms: count * HOUR, days: null };
    const ahead = workdays ? working(count, start) : days ? count : count * 7;
    return { ms: ahead * DAY, days: ahead };
  }
  return null;
}

/** How many days from `start` there are to the last of `count` days on which people work. */
function working(count: number, start: Date): number {
  let ahead = 0;
  for (let left = count; left > 0; left--) {
    do ahead++;
    while ((start.getDay() + ahead) % 7 === 0 || (start.getDay() + ahead) % 7 === 6);
  }
  return ahead;
}

/** Until when `sentence` says, in milliseconds since the epoch; null where it names no time to come. */
export function deadline(sentence: string, now: number): number | null {
  const start = new Date(now);
  start.setHours(0, 0, 0, 0);
  const { day, rest } = date(sentence, start);
  const days = day ? null : daysOf(rest, start);
  const by = day || days !== null ? onDay(day ?? ahead(start, days ?? 0), rest, now) : undated(rest, start, now);
  return by !== null && by > now && by - now <= AHEAD_MAX_MS ? by : null;
}

function ahead(start: Date, days: number): Date {
  const at = new Date(start);
  at.setDate(at.getDate() + days);
  return at;
}

/** A time on a day that was named. */
function onDay(day: Date, sentence: string, now: number): number {
  const at = new Date(day);
  const named = hourOf(sentence);
  at.setHours(...(named ?? ([EVENING, 0] as const)));
  // "Today", said in the late afternoon.
  if (!named && at.getTime() <= now) at.setHours(NIGHT);
  return at.getTime();
}

/** A span from now on, or an hour of today. */
function undated(sentence: string, start: Date, now: number): number | null {
  const span = spanOf(sentence, start);
  const hour = hourOf(sentence);
  if (span) {
    if (span.days === null) return now + span.ms;
    if (!hour) return ahead(new Date(now), Math.ceil(span.days)).getTime();
    return onDay(ahead(start, Math.ceil(span.days)), sentence, now);
  }
  if (!hour || GONE.test(sentence)) return null;
  return onDay(start, sentence, now);
}
