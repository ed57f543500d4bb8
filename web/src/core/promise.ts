/** Finds a promise in what an agent writes ("I'll call you by Friday"), and until when it holds. Pure. */
import { deadline } from './deadline';

const FINNISH =
  'palautan|lähetän|soitan|selvitän|tarkistan|ilmoitan|palaan|hoidan|hyvitän|kysyn|laitan|vastaan|varmistan|kirjoitan|toimitan|otan yhteyttä|' +
  'palautamme|lähetämme|soitamme|selvitämme|tarkistamme|ilmoitamme|palaamme|hoidamme|hyvitämme|kysymme|laitamme|vastaamme|varmistamme|kirjoitamme|toimitamme|otamme yhteyttä|' +
  'kuulet (?:minusta|meistä)';
const DANISH =
  'ringer|sender|vender|undersøger|tjekker|tilbagefører|refunderer|returnerer|sørger|skriver|giver besked|giver dig besked|svarer|kontakter|ordner|finder ud af|følger op|kigger på|melder tilbage';

const SAID: readonly RegExp[] = [
  /\b(?:I|we)(?:['’]ll| will| shall|['’]m going to|['’]re going to| am going to| are going to)(?! not\b| never\b)/i,
  /\b(?:I(?:['’]m| am)|we(?:['’]re| are)) (?:refunding|sending|checking|calling)\b/i,
  /\b(?:let me|you(?:['’]ll| will) hear from (?:me|us))\b/i,
  new RegExp(`(?<!\\p{L})(?:${FINNISH})(?!\\p{L})`, 'iu'),
  new RegExp(`(?<!\\p{L})(?:jeg|vi) (?:skal nok|vil|${DANISH})(?! ikke)(?!\\p{L})`, 'iu'),
  // The time often comes first: "I morgen ringer jeg."
  new RegExp(`(?<!\\p{L})(?:${DANISH}) (?:jeg|vi)(?! ikke)(?!\\p{L})(?!.*\\?)`, 'iu'),
  /(?<!\p{L})du hører fra (?:mig|os)(?!\p{L})/iu,
];

/** Points that end no sentence: of an abbreviation, and of a number that goes on ("12. december", "30.11. mennessä"). */
const SENTENCES = /(?<=[.!?])(?<!(?<!\p{L})(?:kl|ca|nr|d|n|max|maks)\.)(?<!\d\.(?=\s+\p{Ll}))\s+|\n+/iu;

export interface Promised {
  /** The sentence that promises. */
  text: string;
  /** Milliseconds since the epoch. */
  by: number;
}

/** The first promise with a time in `text`, or null. */
export function promiseIn(text: string, now: number): Promised | null {
  for (const sentence of text.split(SENTENCES)) {
    if (!SAID.some((pattern) => pattern.test(sentence))) continue;
    const by = deadline(sentence, now);
    if (by !== null) return { text: sentence.trim().slice(0, 200), by };
  }
  return null;
}
