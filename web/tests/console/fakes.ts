/** A console without a page: its acts on a fake line, against HTTP answers and a focus that a test holds in its hand. */
import { vi } from 'vitest';
import type { Desk } from '../../src/console/desk';
import type { QueueEntry, Request } from '../../src/core/protocol';
import { FakeSocket } from '../core/fakes';

/** Part of a page's element, as far as the console asks. */
export interface FakeField {
  value: string;
  closest(): FakeField;
}

export const line = (conversation: string, more: Partial<QueueEntry> = {}): QueueEntry => ({
  conversation,
  channel: 'web',
  language: 'fi',
  status: 'assigned',
  waiting_since: '2026-11-21T10:00:00.000Z',
  priority: 'normal',
  ...more,
});

export const AINO = { id: 'a1', name: 'Aino', role: 'agent' };
export const MIKKEL = { id: 'a2', name: 'Mikkel', role: 'agent' };

export class Room {
  readonly sockets: FakeSocket[] = [];
  /** What the hub answers by `METHOD path`; anything else is an empty object. */
  readonly answers = new Map<string, unknown>();
  /** What goes wrong instead, by the same: the status, or 0 where the hub is not reached at all. */
  readonly faults = new Map<string, number>();
  readonly calls: { key: string; body: unknown }[] = [];
  readonly stored = new Map<string, string>();
  /** The same for as long as the tab lasts. */
  readonly tab = new Map<string, string>();
  /** The page is loaded again: nothing stays but what the browser keeps. */
  reload: () => void = () => undefined;
  /** By how much the hub's clock is ahead of this machine's. */
  hubAheadMs = 0;
  /** Whether the cookie of the sign-in still counts. */
  signedIn = true;
  readonly page = { hidden: false, activeElement: null as FakeField | null };

  constructor(readonly desk: () => Desk) {}

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  }

  /** Frames of a type that the newest line carried. */
  sent(type: string): Request[] {
    return this.socket.sent.filter((frame) => frame.type === type);
  }

  /** The hub lets this agent in, with these conversations of theirs. */
  async welcome(who = AINO, mine: string[] = [], queue: QueueEntry[] = []): Promise<void> {
    await this.pass();
    this.socket.accept();
    this.socket.hear({
      type: 'welcome',
      now: this.hubTime(),
      agent: who,
      presence: 'online',
      queue,
      mine: mine.map((conversation) => ({ conversation, status: 'assigned', last: 0, assignee: who })),
    });
    await this.pass();
  }

  /** What the hub's clock will show in `ms`. */
  hubTime(ms = 0): string {
    return new Date(Date.now() + this.hubAheadMs + ms).toISOString();
  }

  /** The hub answers the newest frame of a type. */
  async ack(type: string, more: object = {}): Promise<void> {
    const frame = this.sent(type).at(-1);
    if (!frame) throw new Error(`no ${type} was sent`);
    this.socket.hear({ type: 'ack', id: frame['id'], ...more });
    await this.pass();
  }

  /** The line breaks and comes back. */
  async reconnect(who = AINO, mine: string[] = [], queue: QueueEntry[] = []): Promise<void> {
    const before = this.sockets.length;
    this.socket.end(1012);
    for (let n = 0; n < 60 && this.sockets.length === before; n++) await this.pass(1_000);
    await this.welcome(who, mine, queue);
  }

  async pass(ms = 20): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }
}

/** Puts the room's walls up: all that the console asks of a browser. Drawing is the caller's to leave out. */
export async function openRoom(): Promise<Room> {
  vi.useFakeTimers();
  let desk: Desk | null = null;
  const room = new Room(() => desk as Desk);
  room.stored.set('silta.console.session', 'yes');
  const deaf = { addEventListener: () => undefined, focus: () => undefined };
  vi.stubGlobal('window', deaf);
  vi.stubGlobal('navigator', { languages: ['en'], platform: '' });
  vi.stubGlobal('matchMedia', () => ({ matches: true }));
  vi.stubGlobal('location', { origin: 'http://x', pathname: '/console', search: '', assign: vi.fn() });
  vi.stubGlobal('requestAnimationFrame', (task: () => void) => setTimeout(task, 1));
  const storage = (held: Map<string, string>): object => ({
    getItem: (name: string) => held.get(name) ?? null,
    setItem: (name: string, value: string) => void held.set(name, value),
    removeItem: (name: string) => void held.delete(name),
  });
  vi.stubGlobal('localStorage', storage(room.stored));
  vi.stubGlobal('sessionStorage', storage(room.tab));
  vi.stubGlobal(
    'document',
    Object.assign(room.page, {
      ...deaf,
      hasFocus: () => !room.page.hidden,
      documentElement: { dataset: {} },
      querySelector: () => ({ isConnected: true }),
      createTreeWalker: () => ({}),
      title: '',
      body: null,
    }),
  );
  vi.stubGlobal('fetch', async (path: string, { method = 'GET', body }: { method?: string; body?: unknown } = {}) => {
    const key = `${method} ${path.split('?')[0]}`;
    room.calls.push({ key, body: typeof body === 'string' ? JSON.parse(body) : body });
    const fault = room.faults.get(key);
    const answer = await room.answers.get(key);
    if (fault === 0) throw new TypeError('network');
    const status = fault ?? (room.signedIn || key !== 'POST /api/socket-token' ? 200 : 401);
    return { ok: status === 200, status, json: async () => answer ?? {} };
  });
  vi.stubGlobal(
    'WebSocket',
    class {
      constructor() {
        const socket = new FakeSocket();
        room.sockets.push(socket);
        return socket as never;
      }
    },
  );
  room.answers.set('POST /api/socket-token', { token: 't' });
  const container = { querySelector: () => null, contains: () => false } as unknown as HTMLElement;
  const { Desk: Made } = await import('../../src/console/desk');
  desk = new Made(container);
  room.reload = () => {
    vi.clearAllTimers(); // of the page before; the clock begins anew with them
    desk = new Made(container);
  };
  return room;
}

export function closeRoom(): void {
  vi.clearAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
}
