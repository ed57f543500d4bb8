import { describe, expect, it } from 'vitest';
import type { Frame, LogEvent } from '../../src/core/protocol';
import * as visitor from '../../src/core/visitor';

const welcome = (more: object = {}): Frame => ({
  type: 'welcome',
  token: 't1',
  conversation: 'c1',
  status: 'bot',
  language: 'fi',
  last: 0,
  notice: 'Botti',
  open: true,
  announcements: [],
  ...more,
});
const said = (seq: number, role: string, text: string, more: Partial<LogEvent> = {}): Frame => ({
  type: 'event',
  seq,
  kind: 'message',
  at: '2026-11-21T10:00:00Z',
  author: { role, name: '' },
  text,
  ...more,
});
const begin = (...frames: Frame[]): visitor.VisitorState =>
  [welcome(), ...frames].reduce(visitor.receive, { ...visitor.newVisitor('fi'), link: 'open' as const });

describe('the welcome', () => {
  it('brings token, status, language and notice', () => {
    const state = visitor.receive(visitor.newVisitor('en'), welcome({ status: 'queued', last: 4, open: false }));
    expect(state).toMatchObject({
      token: 't1',
      conversation: 'c1',
      status: 'queued',
      language: 'fi',
      notice: 'Botti',
      open: false,
      historyEnd: 4,
    });
    expect(visitor.caughtUp(state)).toBe(false);
  });

  it('understands opening hours as a plain answer and with words', () => {
    expect(begin(welcome({ open: { open: false, hours: 'ma–pe klo 9–17' } }))).toMatchObject({
      open: false,
      hours: 'ma–pe klo 9–17',
    });
  });

  it('keeps the log of the same conversation and drops that of another', () => {
    const state = begin(said(1, 'bot', 'Hei'));
    expect(visitor.receive(state, welcome({ last: 1 })).log.cursor).toBe(1);
    expect(visitor.receive(state, welcome({ conversation: 'c2' })).log.cursor).toBe(0);
  });

  it('takes announcements as texts and as objects', () => {
    expect(begin(welcome({ announcements: ['A', { id: 'x', text: 'B' }] })).announcements).toEqual([{ id: 'A', text: 'A' }, { id: 'x', text: 'B' }]);
  });
});

describe('the greeting', () => {
  const closed = {
    open: false,
    opens_at: '2026-11-23T07:00:00.000Z',
    opening: 'Asiakaspalvelu on nyt kiinni.',
    response: '',
    zones: { fi: { zone: 'Europe/Helsinki', name: '' } },
    announcements: [{ id: 'x', text: 'Viivettä' }],
  };
  const english = {
    ...closed,
    type: 'greeting',
    language: 'en',
    notice: 'A bot',
    opening: 'Customer service is closed right now.',
    announcements: [{ id: 'x', text: 'Delays' }],
  };

  it('tells what stands on the page anew when the language has changed, and nothing else', () => {
    const before = begin(welcome({ ...closed, last: 1 }), said(1, 'bot', 'Hei'));
    const after = visitor.receive(before, english);
    expect(after).toEqual({
      ...before,
      notice: 'A bot',
      response: 'Customer service is closed right now.',
      announcements: [{ id: 'x', text: 'Delays' }],
    });
  });

  it('says that people are there again when the clock has opened the doors', () => {
    const state = visitor.receive(begin(welcome(closed)), { type: 'greeting', open: true, opens_at: null, response: '' });
    expect(state).toMatchObject({ open: true, opensAt: null, response: '', notice: 'Botti' });
  });

  it('leaves to the status when the people are there that somebody waits for', () => {
    const told = { open: false, opens_at: '2026-11-24T07:00:00.000Z' };
    const queued = visitor.receive(begin(welcome(closed)), { type: 'status', status: 'queued', ...told });
    const state = visitor.receive(queued, { ...english, open: true, opens_at: null });
    expect(state).toMatchObject({ open: false, opensAt: told.opens_at, notice: 'A bot' });
  });
});

describe("a message of the visitor's", () => {
  it('is shown at once, and replaced by its event without a double', () => {
    let state = visitor.send(begin(), 'u1', 'Moi', 0);
    expect(state.pending).toMatchObject([{ text: 'Moi', mark: 'sending' }]);
    state = visitor.sent(state, 'u1');
    expect(state.pending[0]?.mark).toBe('sent');
    state = visitor.receive(state, said(1, 'visitor', 'Moi', { client_id: 'u1' }));
    expect(state.pending).toEqual([]);
    expect(state.log.events).toHaveLength(1);
  });

  it('is not doubled when the event comes before the acknowledgement', () => {
    let state = visitor.send(begin(), 'u1', 'Moi', 0);
    state = visitor.receive(state, said(1, 'visitor', 'Moi', { client_id: 'u1' }));
    state = visitor.sent(state, 'u1');
    expect(state.pending).toEqual([]);
  });

  it('that fails stays, with the reason, until it is sent again or removed', () => {
    const state = visitor.failed(visitor.send(begin(), 'u1', 'Moi', 0), 'u1', 'rate_limited');
    expect(state.pending).toMatchObject([{ mark: 'failed', code: 'rate_limited' }]);
    expect(visitor.discard(state, 'u1').pending).toEqual([]);
  });
});

describe('quick replies', () => {
  const offer = said(1, 'bot', 'Mitä tarkoitat?', { buttons: [{ id: '1.0', title: 'Palautus' }] });

  it('stand below the message that offers them', () => {
    expect(visitor.quickReplies(begin(offer))).toEqual({ seq: 1, buttons: [{ id: '1.0', title: 'Palautus' }] });
  });

  it('vanish at once when one is pressed, and stay used after a reload', () => {
    expect(visitor.quickReplies(visitor.send(begin(offer), 'u1', 'Palautus', 0, { button: '1.0' }))).toBeNull();
    expect(visitor.quickReplies(begin(offer, said(2, 'visitor', 'Palautus', { client_id: 'u1' })))).toBeNull();
  });

  it('outlast lines that come after them', () => {
    expect(
      visitor.quickReplies(begin(offer, { type: 'event', seq: 2, kind: 'hidden' }, said(3, 'bot', 'Valitse')))?.seq,
    ).toBe(1);
  });

  it('come from the service too, and are gone while a person answers', () => {
    const late = said(1, 'system', 'Botti ei vastaa juuri nyt.', { buttons: [{ id: '1.0', title: 'Ihminen' }] });
    const state = begin(late);
    expect(visitor.quickReplies(state)?.seq).toBe(1);
    expect(visitor.quickReplies(visitor.receive(state, { type: 'status', status: 'assigned' }))).toBeNull();
  });
});

describe('waiting for a person', () => {
  it('has a place while queued, and none after', () => {
    let state = visitor.receive(begin(), {
      type: 'status',
      status: 'queued',
      position: 3,
      ahead: 2,
      eta_s: [60, 300],
      agents: 1,
    });
    expect(state.place).toEqual({ position: 3, ahead: 2, eta: [60, 300], agents: 1, choices: [] });
    state = visitor.receive(state, { type: 'status', status: 'assigned' });
    expect(state).toMatchObject({ status: 'assigned', place: null });
  });

  it('ends with a name, which goes when the person leaves', () => {
    let state = visitor.receive(begin(), {
      type: 'event',
      seq: 1,
      kind: 'assigned',
      author: { role: 'agent', id: 'a', name: 'Aino' },
    });
    state = visitor.receive(state, { type: 'status', status: 'assigned' });
    expect(state.agent).toBe('Aino');
    expect(visitor.receive(state, { type: 'status', status: 'queued' }).agent).toBeNull();
    expect(visitor.receive(state, { type: 'event', seq: 2, kind: 'returned_to_bot' }).agent).toBeNull();
  });
});

describe('the dots of a bot that is about to answer', () => {
  it('show after a message and go with the answer', () => {
    expect(visitor.awaitsBot(begin())).toBe(false);
    const asked = begin(said(1, 'visitor', 'Missä pakettini on?'));
    expect(visitor.awaitsBot(asked)).toBe(true);
    expect(visitor.awaitsBot(visitor.receive(asked, said(2, 'bot', 'Tässä.')))).toBe(false);
  });

  it('do not show for what was written to a person before the bot came back', () => {
    const back = begin(said(1, 'visitor', 'Kiitos'), { type: 'event', seq: 2, kind: 'returned_to_bot' });
    expect(visitor.awaitsBot(back)).toBe(false);
  });

  it('show although the language changed meanwhile, but not without a line', () => {
    const asked = begin(said(1, 'visitor', 'Hvor er min pakke?'), {
      type: 'event',
      seq: 2,
      kind: 'language',
      language: 'da',
    });
    expect(visitor.awaitsBot(asked)).toBe(true);
    expect(visitor.awaitsBot({ ...asked, link: 'waiting' })).toBe(false);
  });

  it('end with the message of whoever was typing', () => {
    let state = visitor.receive(begin(), { type: 'typing', role: 'agent', on: true });
    expect(state.typing.agent).toBe(true);
    state = visitor.receive(state, said(1, 'agent', 'Hei'));
    expect(state.typing.agent).toBe(false);
  });
});

describe('what is new', () => {
  it('counts the messages of the other side since the visitor last looked', () => {
    let state = begin(said(1, 'bot', 'Hei'), said(2, 'visitor', 'Moi'), said(3, 'agent', 'Terve'));
    expect(visitor.unread(state)).toBe(2);
    state = visitor.see(state);
    expect(visitor.unread(state)).toBe(0);
    expect(visitor.see(state)).toBe(state);
  });

  it('is never more for having been seen less far in another tab', () => {
    const state = visitor.see(begin(said(1, 'bot', 'Hei'), said(2, 'agent', 'Terve')));
    expect(visitor.see(state, 1)).toBe(state);
    expect(visitor.unread(visitor.see({ ...state, seen: 0 }, 1))).toBe(1);
  });
});

describe('a log that the hub no longer holds', () => {
  it('is read again from where it begins', () => {
    const state = visitor.receive(begin(said(1, 'bot', 'Hei')), { type: 'resync', from: 1 });
    expect(state.log).toMatchObject({ events: [], cursor: 0 });
  });
});

describe('frames of no use', () => {
  it('change nothing', () => {
    const state = begin();
    for (const frame of [
      { type: 'new_kind' },
      { type: 'typing', role: 'visitor' },
      { type: 'announcement' },
      { type: 'resync', from: 'x' },
    ]) {
      expect(visitor.receive(state, frame)).toBe(state);
    }
  });
});

describe('what may be chosen instead of waiting', () => {
  it('comes with the status and goes with it', () => {
    const choices = [{ kind: 'email', by: '2026-11-23T08:00:00Z' }];
    const frame = { type: 'status', status: 'queued', choices, open: false, opens_at: '2026-11-23T07:00:00Z' };
    let state = visitor.receive(begin(), frame);
    expect(state).toMatchObject({ open: false, opensAt: '2026-11-23T07:00:00Z', place: { choices } });
    state = visitor.receive(state, { type: 'status', status: 'bot' });
    expect(state.place).toBeNull();
  });

  it('is kept as a promise until it is done, from the log alone', () => {
    const booked = { id: 'k', kind: 'phone', state: 'booked' };
    let state = visitor.receive(begin(), { type: 'event', seq: 1, kind: 'callback', callback: booked });
    expect(visitor.awaited(state)).toMatchObject({ id: 'k' });
    state = visitor.receive(state, { type: 'event', seq: 2, kind: 'callback', callback: { ...booked, state: 'done' } });
    expect(visitor.awaited(state)).toBeNull();
  });

  it('takes announcements down that have ended', () => {
    let state = visitor.receive(begin(), { type: 'announcement', id: 'a', text: 'Late' });
    expect(state.announcements).toEqual([{ id: 'a', text: 'Late' }]);
    state = visitor.receive(state, { type: 'announcement', id: 'a', ended: true });
    expect(state.announcements).toEqual([]);
  });
});
