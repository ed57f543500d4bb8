import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as agent from '../../src/core/agent';
import { draftKey } from '../../src/console/ui';
import { AINO, closeRoom, type FakeField, line, MIKKEL, openRoom, type Room } from './fakes';

const { ring, wake } = vi.hoisted(() => ({ ring: vi.fn(), wake: vi.fn() }));
vi.mock('lit/html.js', async (original) => ({ ...(await original<object>()), render: () => undefined }));
vi.mock('../../src/console/view', () => ({ view: () => null }));
vi.mock('../../src/view/chime', () => ({ chime: ring, wake }));

let room: Room;
beforeEach(async () => {
  ring.mockClear();
  room = await openRoom();
});
afterEach(closeRoom);

const desk = (): ReturnType<Room['desk']> => room.desk();
const ui = (): ReturnType<Room['desk']>['ui']['state'] => desk().ui.state;
const state = (): agent.AgentState => desk().store.state;
const opened = (): unknown[] => room.sent('open').map((frame) => frame['conversation']);
const lineTo = (who: typeof AINO, conversation = 'c1'): object => ({
  type: 'queue',
  conversation,
  entry: line(conversation, { assignee: who }),
});
const says = (seq: number, text = 'Hei', conversation = 'c1'): object => ({
  type: 'event',
  conversation,
  seq,
  kind: 'message',
  author: { role: 'visitor' },
  text,
});

describe('a conversation that a colleague passes on', () => {
  beforeEach(async () => {
    await room.welcome(AINO, [], [line('c1', { assignee: MIKKEL })]);
    desk().edit({ sound: true });
    room.page.hidden = true;
  });

  it('is asked for, rung and marked, and what the visitor writes next is heard', async () => {
    room.socket.hear(lineTo(AINO));
    await room.pass();
    expect(opened()).toEqual(['c1']);
    expect(ring).toHaveBeenCalledTimes(1);
    expect(agent.unreadOfMine(state())).toBe(1);
    await room.ack('open', { status: 'assigned', last: 1, assignee: AINO });
    room.socket.hear(says(1));
    room.socket.hear(says(2));
    room.socket.hear(says(3));
    await room.pass();
    expect(ring).toHaveBeenCalledTimes(3);
    expect(agent.unreadOfMine(state())).toBe(2);
    room.page.hidden = false;
    desk().select('c1');
    await room.pass();
    expect(agent.unreadOfMine(state())).toBe(0);
  });

  it('is told also where it happened while the line was down', async () => {
    await room.reconnect(AINO, ['c1', 'c2']);
    expect(opened()).toEqual(['c1', 'c2']);
    expect(ring).toHaveBeenCalledTimes(2);
    expect(agent.unreadOfMine(state())).toBe(2);
  });

  it('is nothing to ring for when the agent takes it, here or in another window', async () => {
    room.socket.hear({ type: 'queue', conversation: 'c2', entry: line('c2', { status: 'queued' }) });
    room.socket.hear({ type: 'queue', conversation: 'c3', entry: line('c3', { status: 'queued' }) });
    await room.pass();
    ring.mockClear();
    void desk().claim('c2');
    room.socket.hear(lineTo(AINO, 'c2')); // before the answer
    room.socket.hear(lineTo(AINO, 'c3'));
    await room.pass();
    await room.ack('claim', { last: 1 });
    expect(ring).not.toHaveBeenCalled();
    expect(opened().sort()).toEqual(['c2', 'c3']);
    expect(agent.unreadOfMine(state())).toBe(0);
  });
});

describe('an answer that comes late', () => {
  const reply = (value: string): FakeField => {
    const made: FakeField = { value, closest: () => made };
    return made;
  };

  beforeEach(async () => {
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    desk().select('c1');
    room.socket.hear({ type: 'queue', conversation: 'c1', entry: line('c1', { status: 'queued' }) });
    await room.pass();
  });

  it('brings a conversation to the front where the agent waits for it', async () => {
    void desk().claim('c1');
    await room.pass();
    await room.ack('claim', { last: 1 });
    expect(ui()).toMatchObject({ selected: 'c1', view: 'mine', toasts: [] });
  });

  it('moves nobody who has gone on to another conversation, and offers to open what was taken', async () => {
    void desk().claim('c1');
    desk().select('b');
    room.page.activeElement = reply('Hei');
    await room.pass();
    await room.ack('claim', { last: 1 });
    expect(ui()).toMatchObject({ selected: 'b', view: 'queue' });
    expect(state().mine).toContain('c1');
    expect(opened()).toContain('c1');
    ui().toasts[0]?.offer?.act();
    expect(ui()).toMatchObject({ selected: 'c1', view: 'mine' });
  });

  it('moves nobody who has begun to type or was asked something', async () => {
    desk().select('b');
    void desk().accept('c1');
    room.page.activeElement = reply('Hei');
    await room.pass();
    await room.ack('accept', { last: 1 });
    expect(ui().selected).toBe('b');
    room.page.activeElement = null;
    void desk().claim('c2');
    desk().edit({ dialog: { name: 'transfer', about: 'b' } });
    await room.pass();
    await room.ack('claim', { last: 1 });
    expect(ui().selected).toBe('b');
  });

  it('moves who tapped while a text stood untouched in the field', async () => {
    desk().select('b');
    room.page.activeElement = reply('Hei');
    void desk().accept('c1');
    await room.pass();
    await room.ack('accept', { last: 1 });
    expect(ui().selected).toBe('c1');
  });

  it('closes only the dialog that asked, and shows suggestions only where they were asked for', async () => {
    const frame = { type: 'ask_help', conversation: 'b', note: 'x' };
    desk().edit({ dialog: { name: 'help', about: 'b' } });
    void desk().settle(frame, 'helpAsked');
    const other = { name: 'transfer', about: 'b' } as const;
    desk().edit({ dialog: other });
    await room.pass();
    await room.ack('ask_help');
    expect(ui().dialog).toBe(other);
    void desk().settle(frame, 'helpAsked');
    await room.pass();
    await room.ack('ask_help');
    expect(ui().dialog).toBeNull();
    void desk().suggest('b');
    desk().select('c1');
    await room.pass();
    await room.ack('suggest', { answers: [{ kind: 'canned', key: 'k', title: 't', text: 'x' }] });
    expect(ui().popup).toBeNull();
  });
});

describe('a shared desk', () => {
  const key = draftKey('b', 'message');

  /** Aino has a thread before her, a reply half written and a note that could not be sent; then her sign-in ends. */
  async function expired(): Promise<void> {
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    desk().select('b');
    await room.pass();
    await room.ack('open', { status: 'assigned', last: 0, assignee: AINO });
    room.socket.hear(says(1, 'salaisuus', 'b'));
    desk().typed('b', 'puolikas');
    room.socket.end(1006);
    desk().edit({ mode: 'note' });
    desk().draft('b', 'vaikea asiakas');
    desk().write('b');
    room.signedIn = false;
    await room.pass(30_000);
    expect(ui()).toMatchObject({ phase: 'out', fault: 'signedOut' });
  }

  async function enter(who: typeof AINO): Promise<void> {
    room.signedIn = true;
    room.answers.set('POST /api/login', { name: who.name, agent: who });
    await desk().signIn('x', 'y');
    await room.pass();
  }

  it('gives everything back to the same agent who signs in again', async () => {
    await expired();
    await enter(AINO);
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    expect(ui()).toMatchObject({ phase: 'in', selected: 'b' });
    expect(ui().drafts.get(key)).toBe('puolikas');
    expect(state().conversations.get('b')?.log.events).toHaveLength(1);
    expect(room.sent('hello')[0]?.['cursors']).toEqual({ b: 1 });
    expect(room.sent('note')).toMatchObject([{ text: 'vaikea asiakas' }]);
  });

  it('shows another agent nothing of it and sends nothing of it', async () => {
    await expired();
    await enter(MIKKEL);
    await room.welcome(MIKKEL);
    await room.pass(5_000);
    expect(room.sent('hello')[0]?.['cursors']).toEqual({});
    expect(ui()).toMatchObject({ phase: 'in', selected: null });
    expect(ui().drafts.size).toBe(0);
    expect(state()).toMatchObject({ agent: MIKKEL, mine: [] });
    expect(state().conversations.size).toBe(0);
    expect(room.sent('note')).toEqual([]);
  });

  it('keeps no draft of who has just left as the next one’s', async () => {
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    desk().select('b');
    desk().typed('b', 'puolikas');
    await desk().signOut();
    await enter(MIKKEL);
    await room.welcome(MIKKEL);
    await room.pass(5_000);
    expect(room.calls.filter((call) => call.key.startsWith('PUT /api/drafts'))).toEqual([]);
  });

  it('is noticed by the welcome, too, where another window has signed somebody in', async () => {
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    desk().select('b');
    desk().typed('b', 'puolikas');
    room.socket.end(1006);
    void desk().attempt('help', { type: 'note', conversation: 'b', text: 'x' });
    const settings = room.calls.filter((call) => call.key === 'GET /api/me/settings').length;
    await room.pass(5_000);
    await room.welcome(MIKKEL);
    expect(ui()).toMatchObject({ phase: 'in', selected: null });
    expect(ui().drafts.size).toBe(0);
    expect(ui().busy.size).toBe(0);
    expect(room.sent('note')).toEqual([]);
    expect(room.calls.filter((call) => call.key === 'GET /api/me/settings')).toHaveLength(settings + 1);
  });

  it('has the company’s own way to sign in as soon as somebody signs out', async () => {
    await room.welcome();
    room.answers.set('GET /api/login/methods', { password: true, oidc: { name: 'Havu', url: '/api/login/oidc' } });
    await desk().signOut();
    await room.pass();
    expect(ui()).toMatchObject({ phase: 'out', fault: null, oidc: { name: 'Havu' } });
  });

  it('brings a draft back to who signs out and in again', async () => {
    room.answers.set('GET /api/drafts/b', { text: 'puolikas' });
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    desk().select('b');
    await room.pass();
    expect(ui().drafts.get(key)).toBe('puolikas');
    await desk().signOut();
    expect(ui().drafts.size).toBe(0);
    await enter(AINO);
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    desk().select('b');
    await room.pass();
    expect(ui().drafts.get(key)).toBe('puolikas');
  });
});

describe('a search', () => {
  it('answers nobody but who asked', async () => {
    let answer: (found: object) => void = () => undefined;
    room.answers.set('GET /api/search', new Promise((done) => (answer = done)));
    await room.welcome();
    desk().edit({ query: 'zebra' });
    void desk().search();
    await desk().signOut();
    answer({ conversations: [{ conversation: 'c', snippet: 'zebra' }] });
    await room.pass();
    expect(ui()).toMatchObject({ found: null, finding: false });
  });
});

describe('files that go with a reply', () => {
  const picture = new File(['x'], 'kuva.png');
  const kept = { id: 'f', name: 'kuva.png', type: 'image/png', size: 1, url: '/f' };
  let arrive: (answer: object) => void;

  beforeEach(async () => {
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    desk().select('b');
    await room.pass();
    room.answers.set('POST /api/conversations/b/upload', new Promise((done) => (arrive = done)));
    desk().draft('b', 'Tässä kuva');
    void desk().attach('b', [picture] as unknown as FileList);
    await room.pass();
  });

  it('are waited for: the reply goes with them, not before them', async () => {
    desk().write('b');
    await room.pass();
    expect(room.sent('message')).toEqual([]);
    expect(ui().drafts.get(draftKey('b', 'message'))).toBe('Tässä kuva');
    arrive({ attachment: kept });
    await room.pass();
    desk().write('b');
    await room.pass();
    expect(room.sent('message')).toMatchObject([{ text: 'Tässä kuva', attachments: ['f'] }]);
  });

  it('hold up no note, and no reply once they are refused', async () => {
    desk().edit({ mode: 'note' });
    desk().draft('b', 'odotan kuvaa');
    desk().write('b');
    expect(room.sent('note')).toHaveLength(1);
    arrive({});
    await room.pass();
    desk().edit({ mode: 'message' });
    desk().write('b');
    await room.pass();
    expect(room.sent('message')).toHaveLength(1);
  });

  it('can be done without while they are on their way', async () => {
    desk().giveUp('b', picture);
    arrive({ attachment: kept });
    await room.pass();
    expect(ui().files.size).toBe(0);
    desk().write('b');
    expect(room.sent('message')[0]).not.toHaveProperty('attachments');
  });

  it('are all waited for, and each that is given up is not even sent', async () => {
    const [second, third] = [new File(['y'], 'b.png'), new File(['z'], 'c.png')];
    void desk().attach('b', [second, third] as unknown as FileList);
    await room.pass();
    desk().giveUp('b', third);
    arrive({ attachment: kept });
    await room.pass();
    expect(ui().files.get('b')).toHaveLength(2);
    expect(room.calls.filter((call) => call.key.endsWith('/upload')).map((call) => call.body)).toEqual([picture, second]);
  });

  it('do not come to the next agent at the desk', async () => {
    await desk().signOut();
    arrive({ attachment: kept });
    await room.pass();
    expect(ui().files.size).toBe(0);
  });
});

describe('a conversation that needs somebody again', () => {
  const queued = (conversation = 'c1', more: object = {}): object => ({
    type: 'queue',
    conversation,
    entry: line(conversation, { status: 'queued', ...more }),
  });

  beforeEach(async () => {
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO }), line('c1', { assignee: MIKKEL })]);
    desk().edit({ sound: true });
    room.page.hidden = true;
  });

  it('is rung for like a new one: its agent was lost, or passed it on to all', async () => {
    room.socket.hear(queued('c1', { lost: true }));
    await room.pass();
    expect(ring).toHaveBeenCalledTimes(1);
    room.socket.hear(queued('c1', { lost: true, last_text: 'Hei?' }));
    await room.pass();
    expect(ring).toHaveBeenCalledTimes(1);
  });

  it('is nothing to ring for where this agent passed it on, whatever comes first', async () => {
    desk().letGoQuietly('b');
    room.socket.hear(queued('b'));
    room.socket.hear(lineTo(AINO, 'c2'));
    room.socket.hear(queued('c2'));
    await room.pass();
    expect(ring).toHaveBeenCalledTimes(1); // for c2, which came to this agent
  });

  it('is rung for once where it happened while the line was down, and not for who waited before', async () => {
    const before = [line('c1', { status: 'queued' })];
    await room.reconnect(AINO, [], before);
    expect(ring).toHaveBeenCalledTimes(1);
    await room.reconnect(AINO, [], before);
    await room.reconnect(AINO, [], [...before, line('d', { status: 'queued', offered_to: AINO })]);
    expect(ring).toHaveBeenCalledTimes(1); // the offer rings by itself
    await room.reconnect(AINO, [], [...before, ...['e', 'f', 'g'].map((id) => line(id, { status: 'queued' }))]);
    expect(ring).toHaveBeenCalledTimes(2);
  });

  it('is no news on a page that was just loaded', async () => {
    room.reload();
    await room.welcome(AINO, [], [line('c1', { status: 'queued' })]);
    expect(ring).not.toHaveBeenCalled();
  });

  it('is handled in full where the browser has notices and lets no page make one', async () => {
    class Forbidding {
      static readonly permission = 'granted';
      constructor() {
        throw new TypeError('Illegal constructor');
      }
    }
    vi.stubGlobal('Notification', Forbidding);
    desk().edit({ notify: true });
    room.socket.hear({ type: 'offer', conversation: 'c1', expires_at: room.hubTime(20_000), left_s: 20 });
    room.socket.hear(lineTo(AINO));
    await room.pass();
    expect(opened()).toContain('c1');
    expect(ring).toHaveBeenCalledTimes(2);
  });
});

describe('an offer', () => {
  const offer = (conversation = 'c1'): object => ({
    type: 'offer',
    conversation,
    expires_at: room.hubTime(20_000),
    left_s: 20,
  });

  it.each([
    ['ahead of', -3_600_000],
    ['behind', 3_600_000],
  ])('holds as long as the hub says, on a machine whose clock is %s the hub’s', async (_, ahead) => {
    room.hubAheadMs = ahead;
    await room.welcome(AINO);
    room.socket.hear(offer());
    await room.pass(19_000);
    expect(state().offers.size).toBe(1);
    await room.pass(3_000);
    expect(state().offers.size).toBe(0);
  });

  it('counts by the clock of the welcome where a hub does not say how long it holds', async () => {
    room.hubAheadMs = -60_000;
    await room.welcome(AINO);
    room.socket.hear({ type: 'offer', conversation: 'c1', expires_at: room.hubTime(20_000) });
    await room.pass(19_000);
    expect(state().offers.size).toBe(1);
    await room.pass(3_000);
    expect(state().offers.size).toBe(0);
  });

  it('is declined though another was a moment ago, and each goes when the hub has heard of it', async () => {
    await room.welcome(AINO);
    room.socket.hear(offer('c1'));
    room.socket.hear(offer('c2'));
    void desk().decline('c1');
    void desk().decline('c2');
    void desk().decline('c2');
    await room.pass();
    expect(room.sent('decline').map((frame) => frame['conversation'])).toEqual(['c1', 'c2']);
    expect([...state().offers.keys()]).toEqual(['c1', 'c2']);
    await room.ack('decline');
    expect([...state().offers.keys()]).toEqual(['c1']);
  });

  it('stays while another is being accepted', async () => {
    await room.welcome(AINO);
    room.socket.hear(offer('c1'));
    room.socket.hear(offer('c2'));
    void desk().accept('c1');
    void desk().accept('c2');
    await room.pass();
    await room.ack('accept', { last: 1 });
    expect(room.sent('accept')).toHaveLength(1);
    expect([...state().offers.keys()]).toEqual(['c2']);
  });
});

describe('times', () => {
  beforeEach(async () => {
    room.hubAheadMs = -3_600_000;
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    desk().select('b');
    await room.pass();
    await room.ack('open', { status: 'assigned', last: 0, assignee: AINO });
    desk().draft('b', 'Hei');
  });

  const answered = (at: string): void =>
    room.socket.hear({ type: 'event', conversation: 'b', seq: 1, kind: 'message', author: MIKKEL, text: 'x', at });

  it('are told by the hub’s clock', async () => {
    expect(Math.abs(ui().now - Date.parse(room.hubTime()))).toBeLessThan(1_000);
  });

  it('tell by the hub’s clock that a colleague has just answered', async () => {
    answered(room.hubTime(-2_000));
    desk().write('b');
    expect(ui().dialog).toMatchObject({ name: 'hurry' });
  });

  it('and that it was a while ago', async () => {
    answered(room.hubTime(-60_000));
    desk().write('b');
    expect(ui().dialog).toBeNull();
    expect(room.sent('message')).toHaveLength(1);
  });
});

describe('what is sent while the line is down', () => {
  beforeEach(async () => {
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    desk().select('b');
    await room.pass();
    await room.ack('open', { status: 'assigned', last: 0, assignee: AINO });
    room.socket.end(1006);
    desk().draft('b', 'Tulossa');
    desk().write('b');
  });

  const unsent = (): agent.Conversation['pending'] => state().conversations.get('b')?.pending ?? [];
  const welcome = (who = AINO): Promise<void> => room.welcome(who, ['b'], [line('b', { assignee: who })]);

  it('goes with the same id after the page was loaded again, and once only', async () => {
    const [{ id } = { id: '' }] = unsent();
    room.reload();
    await welcome();
    expect(room.sent('message')).toEqual([{ type: 'message', conversation: 'b', text: 'Tulossa', id }]);
    expect(unsent()).toMatchObject([{ id, mark: 'sending' }]);
    room.reload();
    await welcome();
    expect(room.sent('message')).toMatchObject([{ id }]);
    await room.ack('message', { seq: 1 });
    expect(room.tab.size).toBe(0);
    room.reload();
    await welcome();
    expect(room.sent('message')).toEqual([]);
  });

  it('is never sent by the next agent at the desk, nor left lying there', async () => {
    room.reload();
    await welcome(MIKKEL);
    expect(room.sent('message')).toEqual([]);
    expect(unsent()).toEqual([]);
    expect(room.tab.size).toBe(0);
  });

  it('goes with a sign-out', async () => {
    await desk().signOut();
    await room.pass();
    expect(room.tab.size).toBe(0);
  });

  it('is the agent’s to send or not once it is old, and they are told', async () => {
    room.reload();
    vi.setSystemTime(Date.now() + 13 * 60 * 60_000);
    await welcome();
    expect(room.sent('message')).toEqual([]);
    expect(unsent()).toMatchObject([{ text: 'Tulossa', mark: 'failed' }]);
    ui().toasts[0]?.offer?.act();
    expect(ui().selected).toBe('b');
  });

  it('is told of where the hub refuses it and the agent looks at something else', async () => {
    room.reload();
    await room.welcome(AINO);
    const [{ id } = { id: '' }] = room.sent('message') as { id: string; type: string }[];
    room.socket.hear({ type: 'error', id, code: 'forbidden' });
    await room.pass();
    expect(ui().toasts).toMatchObject([{ text: 'Not sent: the conversation is no longer yours.', tone: 'bad' }]);
    expect(unsent()).toMatchObject([{ mark: 'failed', code: 'forbidden' }]);
  });

  it('does not hinder what stands in the storage from being something else', async () => {
    for (const stored of ['', '[]', '{"agent":"a1","items":[null,{"id":"x"},{"id":"x","conversation":"b","text":"","kind":"claim"}]}']) {
      room.tab.set('silta.console.unsent', stored);
      room.reload();
      await welcome();
      expect(room.socket.sent.map((frame) => frame.type)).not.toContain('message');
      expect(unsent()).toEqual([]);
    }
  });
});

describe('a line that is back', () => {
  it('tells colleagues at once what this agent looks at', async () => {
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    desk().select('b');
    await room.reconnect(AINO, ['b'], [line('b', { assignee: AINO })]);
    expect(room.sent('viewing')).toMatchObject([{ conversation: 'b' }]);
  });
});

describe('drafts at the hub', () => {
  const PUT = 'PUT /api/drafts/b';
  const written = (): unknown[] =>
    room.calls.filter((call) => call.key === PUT).map(({ body }) => (body as { text: string }).text);

  beforeEach(async () => {
    await room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);
    desk().select('b');
    await room.pass();
  });

  it('are emptied when the line is back, if they could not be when the reply was sent', async () => {
    desk().draft('b', 'Tulossa');
    await room.pass(1_100);
    expect(written()).toEqual(['Tulossa']);
    room.faults.set(PUT, 0);
    room.socket.end(1006);
    desk().write('b');
    await room.pass();
    expect(written()).toEqual(['Tulossa', '']);
    room.answers.set('GET /api/drafts/b', { text: 'Tulossa' });
    desk().select('b');
    await room.pass();
    expect(ui().drafts.get(draftKey('b', 'message'))).toBe('');
    room.faults.clear();
    await room.pass(1_000);
    await welcomedAgain();
    expect(written().slice(2)).toEqual(['']);
  });

  const welcomedAgain = (): Promise<void> => room.welcome(AINO, ['b'], [line('b', { assignee: AINO })]);

  it('are written after a while where the hub could not just then, and given up where it does not want them', async () => {
    room.faults.set(PUT, 503);
    desk().draft('b', 'puolikas');
    await room.pass(1_100);
    room.faults.set(PUT, 404);
    await room.pass(30_000);
    expect(written()).toEqual(['puolikas', 'puolikas']);
    await room.pass(120_000);
    await room.reconnect(AINO, ['b'], [line('b', { assignee: AINO })]);
    expect(written()).toHaveLength(2);
  });

  it('are written one after the other: a late one does not overtake the empty one', async () => {
    let done: (answer: object) => void = () => undefined;
    room.answers.set(PUT, new Promise((settle) => (done = settle)));
    desk().draft('b', 'Tulossa');
    await room.pass(1_100);
    desk().write('b');
    await room.pass(1_100);
    expect(written()).toEqual(['Tulossa']);
    done({});
    await room.pass();
    expect(written()).toEqual(['Tulossa', '']);
  });

  it('rest between two writings also while one is under way', async () => {
    let done: (answer: object) => void = () => undefined;
    room.answers.set(PUT, new Promise((settle) => (done = settle)));
    desk().draft('b', 'a');
    await room.pass(1_100);
    desk().draft('b', 'ab');
    done({});
    await room.pass();
    expect(written()).toEqual(['a']);
    await room.pass(1_100);
    expect(written()).toEqual(['a', 'ab']);
  });

  it('are asked for again where they could not be read', async () => {
    await room.welcome(AINO);
    room.faults.set('GET /api/drafts/c1', 503);
    desk().select('c1');
    await room.pass();
    room.faults.clear();
    room.answers.set('GET /api/drafts/c1', { text: 'vanha' });
    desk().select('c1');
    await room.pass();
    expect(ui().drafts.get(draftKey('c1', 'message'))).toBe('vanha');
  });
});
