/** Which of the three languages a text of some length is written in, by its small words and letters. Pure. */
import { type Language, LANGUAGES } from './protocol';

const WORDS: Readonly<Record<Language, ReadonlySet<string>>> = {
  fi: new Set(
    'ja on ei se että en oli olen olet ovat tämä mutta kun jos niin myös voi voin sinun teidän hän sen kiitos hei nyt vielä jo mitä miten missä tilaus tilauksen paketti saat saatte ole meillä teille sinulle'.split(
      ' ',
    ),
  ),
  da: new Set(
    'og jeg er det ikke en et at du vi har til på med for som den kan vil hej tak din dit dine så men om hvad hvordan hvor når dig os ordre pakke pengene skal være lige'.split(
      ' ',
    ),
  ),
  en: new Set(
    'the and is you i to a of it we your our that this for have has are will with not can be in on at please thanks thank hello order what how when where do'.split(
      ' ',
    ),
  ),
};

/** Letters that only one of the three has. */
const LETTERS: readonly [RegExp, Language, number][] = [
  [/[æøå]/g, 'da', 1],
  [/[äö]/g, 'fi', 0.7],
  [/(aa|ää|ii|uu|yy|ssa|ssä|lla|llä|sta|stä|lle|kk|tt)/g, 'fi', 0.25],
];

/** Shorter texts say too little: names, thanks, numbers. */
const ENOUGH_WORDS = 4;
/** How far the likeliest must be ahead of the second, as a share of the words. */
const AHEAD = 0.12;

/** The language, or null where the text does not tell clearly. */
export function tongueOf(text: string): Language | null {
  const low = text.toLowerCase();
  const words = low.match(/\p{L}+/gu) ?? [];
  if (words.length < ENOUGH_WORDS) return null;
  const score = { fi: 0, da: 0, en: 0 };
  for (const word of words) for (const language of LANGUAGES) if (WORDS[language].has(word)) score[language] += 1;
  for (const [letters, language, weight] of LETTERS) score[language] += (low.match(letters)?.length ?? 0) * weight * 0.5;
  const [first, second] = [...LANGUAGES].sort((a, b) => score[b] - score[a]) as [Language, Language];
  return (score[first] - score[second]) / words.length >= AHEAD ? first : null;
}
