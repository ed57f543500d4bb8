import { describe, expect, it } from 'vitest';
import { promiseIn } from '../../src/core/promise';

/** A Saturday, at ten in the morning where the test runs. */
const NOW = new Date(2026, 10, 21, 10, 0).getTime();

function at(days: number, hours: number, minutes = 0): number {
  return new Date(2026, 10, 21 + days, hours, minutes).getTime();
}

describe('a promise', () => {
  it.each([
    ['Hello. I’ll call you by Friday. Thanks', 'I’ll call you by Friday.', at(6, 16)],
    ['We will send it tomorrow at 9 am', 'We will send it tomorrow at 9 am', at(1, 9)],
    ['I’ll be back to you in 30 minutes.', 'I’ll be back to you in 30 minutes.', NOW + 30 * 60_000],
    ['Soitan sinulle huomenna klo 14.30.', 'Soitan sinulle huomenna klo 14.30.', at(1, 14, 30)],
    ['Hei! Palautan rahat perjantaihin mennessä.', 'Palautan rahat perjantaihin mennessä.', at(6, 16)],
    ['Selvitän asian ja palaan 2 tunnin kuluessa.', 'Selvitän asian ja palaan 2 tunnin kuluessa.', NOW + 2 * 3_600_000],
    ['Jeg ringer til dig på mandag kl. 10.', 'Jeg ringer til dig på mandag kl. 10.', at(2, 10)],
    ['Vi vender tilbage i dag inden 15.', 'Vi vender tilbage i dag inden 15.', at(0, 15)],
  ])('is found in %j', (text, sentence, by) => {
    expect(promiseIn(text, NOW)).toEqual({ text: sentence, by });
  });

  it.each([
    'The shop is open on Friday.',
    'I’ll look into it.',
    'Pakettisi saapuu perjantaina.',
    'Du kan returnere varen inden 30 dage.',
    'We will be closed today at 8.', // past already
  ])('is not read into %j', (text) => {
    expect(promiseIn(text, NOW)).toBeNull();
  });
});
