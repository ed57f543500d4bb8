import { describe, expect, it } from 'vitest';
import { newAgentState, newConversation } from '../../src/core/agent';
import type { LogEvent } from '../../src/core/protocol';
import { entry } from '../../src/console/entry';
import type { Desk } from '../../src/console/desk';
import { newUi } from '../../src/console/ui';
import { drawn } from './drawn';

const t = (key: string, values: Record<string, unknown> = {}): string => `<${key} ${Object.values(values).join()}>`;

/** What the agent reads at an event. */
function read(event: Partial<LogEvent>): string {
  const desk = { t } as unknown as Desk;
  const whole = { seq: 1, kind: 'rating', ...event };
  const marks = { of: new Map(), delivered: 0, read: 0 };
  return drawn(
    entry(desk, newAgentState(), newUi('en', 'auto', true), newConversation('c'), whole, undefined, undefined, [], marks),
  ).text;
}

describe('a rating', () => {
  it('says who was rated', () => {
    expect(read({ score: 2, rated: 'bot' })).toContain('<evRatingBot 2>');
    expect(read({ score: 5, rated: 'agent' })).toContain('<evRatingAgent 5>');
    expect(read({ score: 3 })).toContain('<evRating 3>');
  });

  it('shows what the visitor wrote with it, and no empty quote', () => {
    const text = read({ score: 2, rated: 'bot', comment: 'Ei ymmärtänyt mitään.' });
    expect(text).toContain('rating-comment');
    expect(text).toContain('Ei ymmärtänyt mitään.');
    for (const comment of [null, '']) expect(read({ score: 2, comment })).not.toContain('rating-comment');
  });
});

describe('an answer that was promised for later', () => {
  it.each([
    ['booked', 'evCallback', 'evMail'],
    ['moved', 'evCallbackMoved', 'evMailMoved'],
    ['done', 'evCallbackDone', 'evMailDone'],
    ['cancelled', 'evCallbackCancelled', 'evMailCancelled'],
  ] as const)('is a call or an e-mail: %s', (state, call, mail) => {
    expect(read({ kind: 'callback', callback: { id: 'k', kind: 'phone', state } })).toContain(`<${call} >`);
    expect(read({ kind: 'callback', callback: { id: 'k', kind: 'email', state } })).toContain(`<${mail} >`);
  });
});
