import { describe, expect, it } from 'vitest';
import { refusal } from '../../src/console/refusals';
import { type AgentState, newAgentState } from '../../src/core/agent';
import { Refused } from '../../src/core/connection';
import type { Request } from '../../src/core/protocol';
import * as da from '../../src/i18n/da';
import * as en from '../../src/i18n/en';
import * as fi from '../../src/i18n/fi';
import { translator } from '../../src/i18n/index';

const STATE = {
  ...newAgentState(),
  agents: new Map([['a2', { id: 'a2', name: 'Mikkel' }]]),
} as unknown as AgentState;

function told(asked: Request | null, more: { code?: string; field?: string; assignee?: { name: string } }, language: 'fi' | 'da' | 'en' = 'en'): string {
  const texts = { fi: fi.console, da: da.console, en: en.console }[language];
  const refused = new Refused({ type: 'error', code: 'bad_request', ...more });
  return refusal(refused, asked, STATE, translator(texts, language));
}

describe('details that cannot be', () => {
  it.each([
    [{ type: 'announce' }, 'to', 'The end must be after the start and in the future.'],
    [{ type: 'snooze' }, 'until', 'Choose a time in the future, at most a month ahead.'],
    [{ type: 'callback_move' }, 'window', 'That time is no longer free. Choose another.'],
    [{ type: 'transfer', to: { agent: 'a2' } }, 'to', 'Mikkel isn’t here any more. Choose somebody else.'],
  ])('are named: %o', (asked, field, words) => expect(told(asked, { field })).toBe(words));

  it('are to be looked through where nothing more is known of them', () => {
    const words = 'That didn’t work with these details. Check them and try again.';
    expect(told({ type: 'snooze' }, {})).toBe(words);
    expect(told({ type: 'snooze' }, { field: 'to' })).toBe(words);
    expect(told({ type: 'transfer', to: { skill: 'invoices' } }, { field: 'to' })).toBe(words);
    expect(told({ type: 'transfer', to: { agent: 'a9' } }, { field: 'to' })).toBe(words);
    expect(told(null, {})).toBe(words);
  });

  it('are called so in every language', () => {
    expect(told({ type: 'snooze' }, {}, 'fi')).toBe('Se ei onnistunut näillä tiedoilla. Tarkista ne ja yritä uudelleen.');
    expect(told({ type: 'snooze' }, {}, 'da')).toBe('Det kunne ikke lade sig gøre sådan. Tjek oplysningerne, og prøv igen.');
  });
});

it('says of what the hub does not know yet that it is not there yet', () => {
  expect(told({ type: 'clear' }, { field: 'type' })).toBe('This isn’t available yet.');
});

it('says who was first, that a conversation is gone, or to try again', () => {
  expect(told(null, { code: 'conflict', assignee: { name: 'Aino' } })).toBe('Aino took it first.');
  expect(told(null, { code: 'conflict' })).toBe('Somebody else took it first.');
  expect(told(null, { code: 'forbidden' })).toBe('The conversation is no longer yours.');
  expect(told(null, { code: 'not_found' })).toBe(en.console.notFound);
  expect(told(null, { code: 'try_later' })).toBe('That didn’t work right now. Please try again.');
});

describe('a reminder where an answer is promised', () => {
  it.each([
    ['fi', 'Asiakkaalle on luvattu vastaus tiettyyn aikaan mennessä. Merkitse lupaus ensin pidetyksi, niin voit torkuttaa.'],
    ['da', 'Kunden er lovet svar inden et bestemt tidspunkt. Markér først løftet som holdt, så kan du udsætte.'],
    ['en', 'The visitor was promised an answer by a certain time. Once that’s kept, say so above; then you can snooze.'],
  ] as const)('is refused in %s for what it is', (language, words) => {
    expect(told({ type: 'snooze' }, { code: 'conflict' }, language)).toBe(words);
    expect(told({ type: 'claim' }, { code: 'conflict' }, language)).not.toBe(words);
  });
});
