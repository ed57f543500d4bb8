import { describe, expect, it } from 'vitest';
import { tongueOf } from '../../src/core/tongue';

describe('the language of a text', () => {
  it.each([
    ['fi', 'Hei! Näen molemmat veloitukset ja palautan toisen nyt tilillesi.'],
    ['fi', 'Voitko lähettää kuvan tuotteesta, niin tarkistan asian heti?'],
    ['fi', 'Paketti on matkalla ja saapuu perjantaina noutopisteeseen.'],
    ['da', 'Hej! Jeg kan se begge beløb og tilbagefører det ene nu.'],
    ['da', 'Kan du sende et billede af varen, så undersøger jeg det?'],
    ['da', 'Pakken er på vej og kommer frem til dig på fredag.'],
    ['en', 'Hello, I can see both charges and will refund one of them now.'],
    ['en', 'Could you send a photo of the item so that we can check it?'],
    ['en', 'The parcel is on its way and will be with you on Friday.'],
  ] as const)('is told as %s', (language, text) => {
    expect(tongueOf(text)).toBe(language);
  });

  it.each(['', 'ok', 'Kiitos!', '102938', 'Aino Virtanen, Mannerheimintie 1', 'Havu Plus Premium Kajo'])(
    'is left open for %j',
    (text) => {
      expect(tongueOf(text)).toBeNull();
    },
  );
});
