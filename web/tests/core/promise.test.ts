import { describe, expect, it } from 'vitest';
import { promiseIn } from '../../src/core/promise';

/** A Monday, at nine in the morning where the test runs. */
const NOW = new Date(2026, 10, 23, 9, 0).getTime();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function at(days: number, hours: number, minutes = 0): number {
  return new Date(2026, 10, 23 + days, hours, minutes).getTime();
}

const by = (text: string, now = NOW): number | null => promiseIn(text, now)?.by ?? null;

describe('a promise', () => {
  it('is told with its own sentence alone', () => {
    expect(promiseIn('Hello. I’ll call you by Friday. Thanks', NOW)).toEqual({ text: 'I’ll call you by Friday.', by: at(4, 16) });
    expect(promiseIn('Hei! Palautan rahat perjantaihin mennessä.\nKiitos!', NOW)?.text).toBe('Palautan rahat perjantaihin mennessä.');
    expect(promiseIn('Hej. Jeg sender pengene inden d. 12. december. God dag!', NOW)?.text).toBe('Jeg sender pengene inden d. 12. december.');
    expect(promiseIn(`I’ll call you by Friday${' and so on'.repeat(50)}`, NOW)?.text).toHaveLength(200);
  });

  it.each([
    // Days
    ['I’ll call you by Friday.', at(4, 16)],
    ['We will get back to you tomorrow.', at(1, 16)],
    ['I will send it the day after tomorrow.', at(2, 16)],
    ['I’ll sort it out today.', at(0, 16)],
    ['I’m going to send it by the end of the day.', at(0, 16)],
    ['We’ll refund it by close of business.', at(0, 16)],
    ['I’ll call you this afternoon.', at(0, 16)],
    ['I’ll call you tonight.', at(0, 20)],
    ['I’ll call you tomorrow morning.', at(1, 12)],
    ['I’ll have it ready by tomorrow noon.', at(1, 12)],
    ['I’ll let you know next week.', at(11, 16)],
    ['I’ll let you know on Tuesday next week.', at(8, 16)],
    ['We’ll refund it by the end of the week.', at(4, 16)],
    ['You’ll hear from me on Wednesday.', at(2, 16)],
    ['Let me check with the store and get back to you by Thursday.', at(3, 16)],
    ['Palautan rahat perjantaihin mennessä.', at(4, 16)],
    ['Soitan huomenna.', at(1, 16)],
    ['Lähetän sen huomiseksi.', at(1, 16)],
    ['Ilmoitan huomisen aikana.', at(1, 16)],
    ['Ilmoitamme ylihuomenna.', at(2, 16)],
    ['Selvitän asian tänään.', at(0, 16)],
    ['Hoidan sen päivän aikana.', at(0, 16)],
    ['Soitan huomisaamuna.', at(1, 12)],
    ['Soitan tänään illalla.', at(0, 20)],
    ['Palaan asiaan keskiviikkona.', at(2, 16)],
    ['Palaan asiaan ensi viikolla.', at(11, 16)],
    ['Palaan asiaan ensi viikon tiistaina.', at(8, 16)],
    ['Hyvitämme sen viikon loppuun mennessä.', at(4, 16)],
    ['Otan yhteyttä maanantaina.', at(7, 16)],
    ['Jeg ringer i morgen.', at(1, 16)],
    ['I morgen ringer jeg til dig.', at(1, 16)],
    ['Jeg vender tilbage i overmorgen.', at(2, 16)],
    ['Vi sender den i dag.', at(0, 16)],
    ['Jeg ringer i eftermiddag.', at(0, 16)],
    ['Jeg skriver i aften.', at(0, 20)],
    ['Jeg ringer i morgen formiddag.', at(1, 12)],
    ['Senest fredag sender vi pengene.', at(4, 16)],
    ['Jeg giver besked på torsdag.', at(3, 16)],
    ['Vi vender tilbage i næste uge.', at(11, 16)],
    ['Jeg tjekker det i løbet af ugen.', at(4, 16)],
    ['Jeg ordner det i løbet af dagen.', at(0, 16)],
    ['Du hører fra os onsdag.', at(2, 16)],
    // Dates
    ['I’ll refund it before 12 December.', at(19, 16)],
    ['I’ll refund it by December 12th.', at(19, 16)],
    ['We will call you on the 12th of December at 10.', at(19, 10)],
    ['I’ll send it by the 30th.', at(7, 16)],
    ['I’ll send it by 12/12.', at(19, 16)],
    ['I’ll send it by 2026-12-01.', at(8, 16)],
    ['Palautan rahat ennen 12.12.2026.', at(19, 16)],
    ['Palautan rahat viimeistään 30.11.', at(7, 16)],
    ['Palautan rahat 30.11. mennessä.', at(7, 16)],
    ['Palautan rahat 30.11 mennessä.', at(7, 16)],
    ['Soitan 1.12. klo 14.30.', at(8, 14, 30)],
    ['Soitan sinulle ti 1.12. klo 9.', at(8, 9)],
    ['Ilmoitamme viimeistään 12. joulukuuta.', at(19, 16)],
    ['Jeg sender pengene inden 12. december.', at(19, 16)],
    ['Jeg sender pengene senest 30.11.', at(7, 16)],
    ['Jeg sender pengene senest d. 30/11.', at(7, 16)],
    ['Jeg ringer den 12/12-2026 kl. 10.', at(19, 10)],
    ['Jeg ringer den 30. kl. 10.', at(7, 10)],
    // Hours
    ['We will send it tomorrow at 9 am', at(1, 9)],
    ['I’ll call you tomorrow at 3.', at(1, 15)],
    ['I’ll call you at 3 today.', at(0, 15)],
    ['I’ll call you by 3pm.', at(0, 15)],
    ['I’ll call you by 12 pm.', at(0, 12)],
    ['I’ll call you before 4:30.', at(0, 16, 30)],
    ['I’ll call you at 15:45.', at(0, 15, 45)],
    ['I’ll call you at noon.', at(0, 12)],
    ['I’ll call you tomorrow between 10 and 12.', at(1, 12)],
    ['I’ll call you at two o’clock.', at(0, 14)],
    ['I’ll be back to you by half past two o’clock.', at(0, 14, 30)],
    ['Soitan sinulle huomenna klo 14.30.', at(1, 14, 30)],
    ['Soitan klo 14–16.', at(0, 16)],
    ['Soitan kello 15.', at(0, 15)],
    ['Ilmoitan ennen kello 12:00.', at(0, 12)],
    ['Soitan kahdelta.', at(0, 14)],
    ['Soitan tänään kolmeen mennessä.', at(0, 15)],
    ['Soitan perjantaina klo 06.', at(4, 6)],
    ['Ilmoitan 14.30 mennessä.', at(0, 14, 30)],
    ['Jeg ringer til dig på mandag kl. 10.', at(7, 10)],
    ['Vi vender tilbage i dag inden 15.', at(0, 15)],
    ['Vi vender tilbage inden 14.30.', at(0, 14, 30)],
    ['Jeg ringer kl. 3.', at(0, 15)],
    ['Jeg ringer kl. halv fire.', at(0, 15, 30)],
    ['Jeg ringer i morgen mellem kl. 10 og 12.', at(1, 12)],
    ['Jeg ringer i morgen mellem 10 og 12.', at(1, 12)],
    ['Jeg ringer klokken 14 til 16.', at(0, 16)],
    // Spans
    ['I’ll be back to you in 30 minutes.', NOW + 30 * MINUTE],
    ['I’ll be back to you in half an hour.', NOW + 30 * MINUTE],
    ['I’ll be back to you within the hour.', NOW + HOUR],
    ['I’ll be back to you within two hours.', NOW + 2 * HOUR],
    ['I’ll be back to you in a couple of hours.', NOW + 2 * HOUR],
    ['I’ll be back to you in 2-3 hours.', NOW + 3 * HOUR],
    ['We’ll answer within 24 hours.', NOW + 24 * HOUR],
    ['We’ll refund it within 3 days.', at(3, 9)],
    ['We’ll refund it within 5 working days.', at(7, 9)],
    ['We’ll refund it in two weeks.', at(14, 9)],
    ['I’ll call you in 2 days at 10.', at(2, 10)],
    ['Selvitän asian ja palaan 2 tunnin kuluessa.', NOW + 2 * HOUR],
    ['Palaan puolen tunnin kuluttua.', NOW + 30 * MINUTE],
    ['Palaan tunnin sisällä.', NOW + HOUR],
    ['Palaan parin tunnin päästä.', NOW + 2 * HOUR],
    ['Palaan 15 min kuluttua.', NOW + 15 * MINUTE],
    ['Tarkistan sen 5 minuutissa.', NOW + 5 * MINUTE],
    ['Palaan vartin päästä.', NOW + 15 * MINUTE],
    ['Palautan rahat kolmen arkipäivän kuluessa.', at(3, 9)],
    ['Palautan rahat 5 arkipäivän sisällä.', at(7, 9)],
    ['Palaan asiaan viikon sisällä.', at(7, 9)],
    ['Vastaamme vuorokauden kuluessa.', at(1, 9)],
    ['Jeg vender tilbage om 30 minutter.', NOW + 30 * MINUTE],
    ['Jeg vender tilbage om en halv time.', NOW + 30 * MINUTE],
    ['Jeg vender tilbage om et kvarter.', NOW + 15 * MINUTE],
    ['Jeg vender tilbage inden for en time.', NOW + HOUR],
    ['Jeg vender tilbage i løbet af et par timer.', NOW + 2 * HOUR],
    ['Vi svarer inden for 24 timer.', NOW + 24 * HOUR],
    ['Vi sender pengene inden for 3-5 hverdage.', at(7, 9)],
    ['Vi sender pengene om 14 dage.', at(14, 9)],
  ])('holds as long as %j says', (text, until) => {
    expect(new Date(by(text) ?? 0).toString()).toBe(new Date(until).toString());
  });

  it.each([
    // Greetings, numbers and other things that have the look of a time
    'Huomenta Aino, tarkistan tilauksen.',
    'Hyvää huomenta! Selvitän asian.',
    'God morgen, jeg tjekker det.',
    'Hyvää perjantaita, tarkistan tilauksen.',
    'I will look at the 2 minor issues.',
    'I’ll send you 2 t-shirts.',
    'I’ll send 3 minis.',
    'I’ll lower the price by 20 %.',
    'I’ll refund it at 5 euros.',
    'I’ll send you the 12 before 2 of them are gone.',
    'I’ll check order 12.5.4711.',
    'Lähetän 2.5 kg lisää.',
    'Lähetän uuden 30 cm hyllyn.',
    'Jeg sender 2 timere.',
    'Jeg tjekker ordre 4711 om lidt.',
    'I’ll be there 24/7.',
    // No time, or none to come
    'I’ll look into it.',
    'Palaan pian.',
    'I’ll check why you got no answer yesterday at 15.',
    'I’ll check what came last Friday.',
    'I’ll check Friday’s delivery.',
    'Tarkistan viime perjantaina tulleen tilauksen.',
    'Jeg tjekker, hvad der skete sidste fredag.',
    'I’ll check what you wrote 2 hours ago.',
    'Tarkistan, mitä 2 päivää sitten tapahtui.',
    'Jeg tjekker det, du skrev for 2 dage siden.',
    'I’ll look at your order of 12 October.',
    'I’ll send it by 31 February.',
    'I’ll call you today at 8.', // past already
    'I’ll refund it in 60 days.', // no reminder can be set for it
    // Nobody promises anything
    'The shop is open on Friday.',
    'Pakettisi saapuu perjantaina.',
    'Du kan returnere varen inden 30 dage.',
    'We will not be there before Friday.',
    'Jeg ringer ikke før fredag.',
    'Ringer jeg på et dårligt tidspunkt i dag?',
    'We’re closed today at 16.',
  ])('is not read into %j', (text) => {
    expect(by(text)).toBeNull();
  });

  it('ends with the working day, and said after that with the evening', () => {
    const late = new Date(2026, 10, 23, 17, 0).getTime();
    expect(by('I’ll call you today.', late)).toBe(at(0, 20));
    expect(by('Soitan tänään.', new Date(2026, 10, 23, 21, 0).getTime())).toBeNull();
  });

  it('counts no Saturdays and Sundays where working days are promised', () => {
    const friday = at(4, 9);
    expect(by('We’ll refund it within 1 working day.', friday)).toBe(at(7, 9));
    expect(by('Palautan rahat kahden arkipäivän kuluessa.', friday)).toBe(at(8, 9));
    expect(by('Vi sender pengene om 2 hverdage.', at(5, 9))).toBe(at(8, 9));
  });

  it('names no end of a week that has ended', () => {
    expect(by('I’ll do it this week.', at(5, 9))).toBeNull();
    expect(by('I’ll do it next week.', at(6, 9))).toBe(at(11, 16));
  });

  it('takes a date without a year for the next such', () => {
    const december = new Date(2026, 11, 20, 9).getTime();
    expect(by('Palautan rahat viimeistään 5.1.', december)).toBe(new Date(2027, 0, 5, 16).getTime());
    expect(by('Jeg ringer den 4. kl. 10.', december)).toBe(new Date(2027, 0, 4, 10).getTime());
  });
});
