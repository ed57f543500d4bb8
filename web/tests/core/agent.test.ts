import { describe, expect, it } from 'vitest';
import * as agent from '../../src/core/agent';
import type { Frame, QueueEntry } from '../../src/core/protocol';

const AINO = { id: 'a1', name: 'Aino', role: 'agent' };
const line = (conversation: string, more: Partial<QueueEntry> = {}): QueueEntry => ({
  conversation,
  channel: 'web',
  language: 'fi',
  status: 'queued',
  waiting_since: '2026-11-21T10:00:00.000Z',
  priority: 'normal',
  ...more,
});
const welcome = (more: object = {}): Frame => ({
  type: 'welcome',
  agent: AINO,
  presence: 'online',
  queue: [],
  mine: [],
  ...more,
});
const queue = (entry: QueueEntry): Frame => ({ type: 'queue', conversation: entry.conversation, entry });
const event = (seq: number, kind: string, more: object = {}): Frame => ({
  type: 'event',
  conversation: 'c1',
  seq,
  kind,
  ...more,
});
const said = (seq: number, role: string, text: string, more: object = {}): Frame =>
  event(seq, 'message', { author: { role }, text, ...more });
const begin = (...frames: Frame[]): agent.AgentState =>
  [welcome(), ...frames].reduce(agent.receive, agent.newAgentState());
const of = (state: agent.AgentState, id = 'c1'): agent.Conversation => {
  const found = state.conversations.get(id);
  if (!found) throw new Error(`no conversation ${id}`);
  return found;
};

describe('the queue', () => {
  it('is ordered by priority, then by how long somebody waits', () => {
    const state = begin(
      queue(line('late', { waiting_since: '2026-11-21T10:09:00.000Z' })),
      queue(line('early')),
      queue(line('urgent', { priority: 'urgent', waiting_since: '2026-11-21T10:10:00.000Z' })),
      queue(line('high', { priority: 'high', waiting_since: '2026-11-21T10:10:00.000Z' })),
    );
    expect(agent.waiting(state).map((entry) => entry.conversation)).toEqual(['urgent', 'high', 'early', 'late']);
  });

  it('loses what leaves it', () => {
    const state = begin(queue(line('c1')), { type: 'queue', conversation: 'c1', entry: null });
    expect(agent.waiting(state)).toEqual([]);
  });

  it('is what the welcome says after a reconnect', () => {
    const state = agent.receive(begin(queue(line('gone'))), welcome({ queue: [line('here')] }));
    expect([...state.queue.keys()]).toEqual(['here']);
  });

  it('shows apart what others hold', () => {
    const state = begin(queue(line('c1', { status: 'assigned', assignee: { id: 'a2', name: 'Mikkel' } })));
    expect(agent.waiting(state)).toEqual([]);
    expect(agent.elsewhere(state).map((entry) => entry.conversation)).toEqual(['c1']);
  });
});

describe('taking a conversation', () => {
  it('makes it mine as soon as the claim is acknowledged', () => {
    const state = agent.claimed(begin(queue(line('c1'))), 'c1');
    expect(state.mine).toEqual(['c1']);
    expect(agent.waiting(state)).toEqual([]);
    expect(of(state)).toMatchObject({ status: 'assigned', assignee: { id: 'a1' } });
  });

  it('by another tab of mine is mine too, by another agent is not', () => {
    expect(begin(queue(line('c1', { status: 'assigned', assignee: AINO }))).mine).toEqual(['c1']);
    const taken = agent.receive(
      agent.claimed(begin(), 'c1'),
      queue(line('c1', { status: 'assigned', assignee: { id: 'a2', name: 'Mikkel' } })),
    );
    expect(taken.mine).toEqual([]);
  });

  it('ends when it is resolved, returned, lost or transferred', () => {
    for (const kind of ['resolved', 'returned_to_bot', 'agent_lost', 'transferred']) {
      const state = agent.receive(agent.claimed(begin(), 'c1'), event(1, kind));
      expect(state.mine, kind).toEqual([]);
      expect(of(state).assignee, kind).toBeNull();
    }
  });

  it('survives a transfer to myself', () => {
    const state = [event(1, 'transferred'), event(2, 'assigned', { author: AINO })].reduce(
      agent.receive,
      agent.claimed(begin(), 'c1'),
    );
    expect(state.mine).toEqual(['c1']);
    expect(of(state)).toMatchObject({ status: 'assigned', assignee: { id: 'a1', name: 'Aino' } });
  });

  it('is let go at once when the agent does so', () => {
    const state = agent.released(agent.claimed(begin(queue(line('c1'))), 'c1'), 'c1', 'resolved');
    expect(state.mine).toEqual([]);
    expect(state.queue.size).toBe(0);
    expect(of(state).status).toBe('resolved');
  });
});

describe('a conversation that a colleague passes on', () => {
  const mine = queue(line('c1', { status: 'assigned', assignee: AINO }));

  it('is gained by the frame that says so, and never by the first welcome', () => {
    const before = begin();
    expect(agent.gained(before, agent.receive(before, mine))).toEqual(['c1']);
    const first = welcome({ mine: [{ conversation: 'c1', status: 'assigned', last: 1 }] });
    expect(agent.gained(agent.newAgentState(), agent.receive(agent.newAgentState(), first))).toEqual([]);
    expect(agent.gained(before, agent.receive(before, first))).toEqual(['c1']);
  });

  it('counts as unread until it is looked at or has gone again', () => {
    const state = agent.given(begin(mine), 'c1');
    expect(agent.unreadOfMine(state)).toBe(1);
    expect(agent.unreadOfMine(agent.see(state, 'c1'))).toBe(0);
    for (const gone of [agent.receive(state, queue(line('c1'))), agent.receive(state, welcome())])
      expect(agent.unread(of(gone))).toBe(0);
  });
});

describe('opening a conversation', () => {
  it('does not let its history change what the hub said about now', () => {
    let state = agent.opened(begin(), 'c1', {
      status: 'assigned',
      language: 'da',
      last: 4,
      assignee: { id: 'a2', name: 'Mikkel' },
      handoff: { summary: 's' },
    });
    for (const frame of [said(1, 'visitor', 'Hej'), event(2, 'handoff'), event(3, 'resolved'), event(4, 'reopened')])
      state = agent.receive(state, frame);
    expect(of(state)).toMatchObject({ status: 'assigned', language: 'da', assignee: { name: 'Mikkel' }, opened: true });
    expect(of(state).log.cursor).toBe(4);
  });

  it('takes history as read, and counts what comes after until it is seen', () => {
    let state = agent.opened(begin(), 'c1', { status: 'queued', last: 1 });
    state = agent.receive(state, said(1, 'visitor', 'Moi'));
    expect(agent.unread(of(state))).toBe(0);
    state = agent.receive(state, said(2, 'visitor', 'Hei?'));
    expect(agent.unread(of(state))).toBe(1);
    state = agent.see(state, 'c1');
    expect(agent.unread(of(state))).toBe(0);
  });

  it('stays unread when the line breaks and it is opened again, with what came meanwhile', () => {
    const mine = { mine: [{ conversation: 'c1', status: 'assigned', last: 2 }] };
    let state = agent.opened(agent.receive(agent.newAgentState(), welcome(mine)), 'c1', { status: 'assigned', last: 1 });
    for (const frame of [said(1, 'visitor', 'Moi'), said(2, 'visitor', 'Hei?')]) state = agent.receive(state, frame);
    expect(agent.unreadOfMine(state)).toBe(1);
    // The hub sends what was missed before it answers the second `open`.
    for (const frame of [welcome(mine), said(3, 'visitor', 'Haloo?')]) state = agent.receive(state, frame);
    state = agent.opened(state, 'c1', { status: 'assigned', last: 3 });
    expect(agent.unreadOfMine(state)).toBe(2);
  });

  it('keeps the mark that the agent set, however often it is opened', () => {
    let state = agent.opened(begin(), 'c1', { status: 'assigned', last: 1 });
    state = agent.unsee(agent.see(agent.receive(state, said(1, 'visitor', 'Moi')), 'c1'), 'c1');
    state = agent.opened(state, 'c1', { status: 'assigned', last: 1 });
    expect(agent.unread(of(state))).toBe(1);
  });

  it('is asked for again from the cursor after a reconnect', () => {
    let state = agent.opened(begin(), 'c1', { status: 'queued', last: 1 });
    state = agent.receive(state, said(1, 'visitor', 'Moi'));
    expect(agent.cursors(state)).toEqual({ c1: 1 });
  });

  it('keeps a follow-up language and reads it anew from a resync', () => {
    let state = agent.opened(begin(), 'c1', { status: 'assigned', last: 0, language: 'fi' });
    state = agent.receive(state, event(1, 'language', { language: 'da' }));
    expect(of(state).language).toBe('da');
    state = agent.receive(state, { type: 'resync', conversation: 'c1', from: 1 });
    expect(of(state).log).toMatchObject({ events: [], cursor: 0 });
  });
});

describe('answering', () => {
  const draft: agent.Draft = { id: 'u1', kind: 'message', text: 'Hei', at: 0, mark: 'sending' };

  it('shows the reply at once and replaces it by its event', () => {
    let state = agent.send(agent.claimed(begin(), 'c1'), 'c1', draft);
    state = agent.marked(state, 'c1', 'u1', 'sent');
    expect(of(state).pending).toMatchObject([{ mark: 'sent' }]);
    state = agent.receive(state, said(1, 'agent', 'Hei', { client_id: 'u1' }));
    expect(of(state).pending).toEqual([]);
  });

  it('keeps what failed until it is removed', () => {
    let state = agent.marked(agent.send(begin(), 'c1', draft), 'c1', 'u1', 'failed', 'forbidden');
    expect(of(state).pending).toMatchObject([{ mark: 'failed', code: 'forbidden' }]);
    state = agent.discard(state, 'c1', 'u1');
    expect(of(state).pending).toEqual([]);
  });

  it("shows the visitor's typing until their message comes, and no other's", () => {
    let state = agent.receive(begin(), { type: 'typing', conversation: 'c1', role: 'visitor', on: true });
    expect(of(state).visitorTyping).toBe(true);
    state = agent.receive(state, said(1, 'visitor', 'Moi'));
    expect(of(state).visitorTyping).toBe(false);
    state = agent.receive(state, { type: 'typing', conversation: 'c1', role: 'agent', on: true });
    expect(of(state).visitorTyping).toBe(false);
    expect(agent.receive(state, { type: 'typing', conversation: 'c9', role: 'visitor', on: false })).toBe(state);
  });
});

describe('the welcome after a break', () => {
  it('brings what is mine with all that the queue shows of it', () => {
    const state = agent.receive(
      agent.newAgentState(),
      welcome({ mine: [{ ...line('c1', { status: 'assigned', assignee: AINO }), last: 9 }] }),
    );
    expect(state.mine).toEqual(['c1']);
    expect(state.queue.get('c1')?.language).toBe('fi');
  });

  it('takes away what is mine no longer', () => {
    const state = agent.receive(agent.claimed(begin(), 'c1'), welcome());
    expect(state.mine).toEqual([]);
    expect(of(state).assignee).toBeNull();
  });
});

describe('presence', () => {
  it('follows the hub for this agent alone', () => {
    const state = begin(
      { type: 'presence', agent: 'a1', value: 'away' },
      { type: 'presence', agent: 'a2', value: 'offline' },
    );
    expect(state.presence).toBe('away');
    expect(agent.receive(state, { type: 'presence', agent: 'a1', value: 'nonsense' }).presence).toBe('away');
  });
});

describe('memory', () => {
  it('lets go of what was read long ago, but of nothing of mine, in front or unsent', () => {
    let state = agent.claimed(begin(), 'mine');
    for (let n = 0; n < 60; n++) state = agent.opened(state, `old-${n}`, { status: 'resolved', last: 0 });
    state = agent.send(state, 'old-0', { id: 'u', kind: 'note', text: 'n', at: 0, mark: 'sending' });
    state = agent.trim(state, 'old-1');
    expect(state.conversations.has('mine')).toBe(true);
    expect(state.conversations.has('old-0')).toBe(true);
    expect(state.conversations.has('old-1')).toBe(true);
    expect(state.conversations.has('old-2')).toBe(false);
    expect(state.conversations.has('old-59')).toBe(true);
    expect(Object.keys(agent.cursors(state)).length).toBeLessThanOrEqual(33);
  });
});

describe('what the hub tells beside conversations', () => {
  const signedIn = (): agent.AgentState =>
    agent.receive(agent.newAgentState(), {
      type: 'welcome',
      agent: { id: 'a1', name: 'Aino', role: 'supervisor' },
      presence: 'online',
      queue: [],
      mine: [],
      agents: [{ id: 'a2', name: 'Mikkel', presence: 'away', load: 1, capacity: 4 }],
      callbacks: [{ id: 'k', conversation: 'c', kind: 'phone', state: 'booked', from: '2026-11-23T08:00:00Z' }],
      announcements: [{ id: 'n', text: 'Late parcels' }],
    });

  it('is kept from the welcome, and a hub without it changes nothing', () => {
    const state = signedIn();
    expect(state.agents.get('a2')).toMatchObject({ name: 'Mikkel', presence: 'away' });
    expect(agent.tasks(state).map((task) => task.id)).toEqual(['k']);
    expect(state.announcements).toMatchObject([{ id: 'n', text: 'Late parcels' }]);
    expect(agent.leads(state)).toBe(true);
  });

  it('is an offer until it is gone', () => {
    let state = agent.receive(signedIn(), { type: 'offer', conversation: 'c', expires_at: '2026-11-21T10:00:20Z' });
    expect([...state.offers.keys()]).toEqual(['c']);
    state = agent.receive(state, { type: 'offer.gone', conversation: 'c' });
    expect(state.offers.size).toBe(0);
  });

  it('is a call until it is done, the soonest first', () => {
    let state = agent.receive(signedIn(), {
      type: 'callback',
      task: { id: 'j', conversation: 'd', kind: 'email', state: 'booked', by: '2026-11-22T08:00:00Z' },
    });
    expect(agent.tasks(state).map((task) => task.id)).toEqual(['j', 'k']);
    state = agent.receive(state, { type: 'callback', task: { id: 'j', conversation: 'd', kind: 'email', state: 'done' } });
    expect(agent.tasks(state).map((task) => task.id)).toEqual(['k']);
  });

  it('is another agent’s presence, company and writing, never one’s own', () => {
    let state = agent.opened(signedIn(), 'c', { status: 'assigned' });
    state = agent.receive(state, { type: 'presence', agent: 'a2', name: 'Mikkel', value: 'online' });
    expect(state.agents.get('a2')?.presence).toBe('online');
    expect(state.presence).toBe('online');
    for (const id of ['a1', 'a2']) {
      state = agent.receive(state, { type: 'viewing', conversation: 'c', id, name: 'N', on: true });
      state = agent.receive(state, { type: 'typing', role: 'agent', conversation: 'c', id, name: 'N', on: true });
    }
    expect([...(state.conversations.get('c')?.viewers.keys() ?? [])]).toEqual(['a2']);
    expect([...(state.conversations.get('c')?.writers.keys() ?? [])]).toEqual(['a2']);
    state = agent.receive(state, { type: 'typing', role: 'agent', conversation: 'c', id: 'a2', name: 'N', on: false });
    expect(state.conversations.get('c')?.writers.size).toBe(0);
  });

  it('is an alert until it ends', () => {
    let state = agent.receive(signedIn(), { type: 'alert', id: 'x', kind: 'wait', text: 'late' });
    expect(state.alerts).toHaveLength(1);
    state = agent.receive(state, { type: 'alert', id: 'y', kind: 'growth', text: '3' });
    state = agent.receive(state, { type: 'alert', id: 'x', kind: 'wait', text: 'later', quiet: true });
    expect(state.alerts.map((alert) => alert.text)).toEqual(['later', '3']);
    state = agent.receive(state, { type: 'alert', id: 'y', kind: 'growth', text: '', ended: true });
    state = agent.receive(state, { type: 'alert', id: 'y', kind: 'growth', text: '5', quiet: true });
    expect(state.alerts.map((alert) => alert.text)).toEqual(['later']);
    state = agent.receive(state, { type: 'alert', id: 'x', kind: 'wait', text: 'late', ended: true });
    expect(state.alerts).toHaveLength(0);
  });

  it('puts who lost an agent before all others of the same priority', () => {
    const line = (conversation: string, at: string, lost: boolean): object => ({
      type: 'queue',
      conversation,
      entry: { conversation, status: 'queued', priority: 'normal', waiting_since: at, language: 'fi', channel: 'web', lost },
    });
    let state = agent.receive(signedIn(), line('old', '2026-11-21T08:00:00Z', false) as never);
    state = agent.receive(state, line('lost', '2026-11-21T09:00:00Z', true) as never);
    expect(agent.waiting(state).map((entry) => entry.conversation)).toEqual(['lost', 'old']);
  });
});
