/** What counts as read, and how what the hub refuses is told, on a desk without a page. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as agent from '../../src/core/agent';
import { AINO, closeRoom, line, openRoom, type Room } from './fakes';

vi.mock('lit/html.js', async (original) => ({ ...(await original<object>()), render: () => undefined }));
vi.mock('../../src/console/view', () => ({ view: () => null }));
const chime = vi.hoisted(() => vi.fn());
vi.mock('../../src/view/chime', () => ({ chime, wake: () => undefined }));

let room: Room;
beforeEach(async () => {
  chime.mockClear();
  room = await openRoom();
  await room.welcome(AINO, ['c1'], [line('c1', { assignee: AINO })]);
  desk().select('c1');
  await room.pass();
  await room.ack('open', { status: 'assigned', last: 0, assignee: AINO });
});
afterEach(closeRoom);

const desk = (): ReturnType<Room['desk']> => room.desk();
const ui = (): ReturnType<Room['desk']>['ui']['state'] => desk().ui.state;
const unread = (): number => agent.unreadOfMine(desk().store.state);
const toasts = (): string[] => ui().toasts.map((toast) => toast.text);

async function says(seq: number): Promise<void> {
  room.socket.hear({ type: 'event', conversation: 'c1', seq, kind: 'message', author: { role: 'visitor' }, text: 'Hei' });
  await room.pass();
}

/** The thread, scrolled so far up from its end. */
async function scroll(up: number): Promise<void> {
  desk().scrolled({ scrollHeight: 2_000, clientHeight: 500, scrollTop: 1_500 - up } as HTMLElement);
  await room.pass();
}

/** A thread on the page that stands so and does not move by itself. */
function stand(at: { scrollHeight: number; clientHeight: number; scrollTop: number }): void {
  const log = { ...at, getBoundingClientRect: () => ({ top: 0 }), querySelectorAll: () => [] };
  const { container } = desk() as unknown as { container: { querySelector(selector: string): unknown } };
  container.querySelector = (selector) => (selector === '.log' ? log : null);
}

describe('a message of the visitor’s', () => {
  it('is read where the thread’s end is in sight', async () => {
    await says(1);
    expect(unread()).toBe(0);
    expect(room.sent('read')).toMatchObject([{ conversation: 'c1', of: 1 }]);
  });

  it('is heard by who reads further up, and makes no sound before who sees it', async () => {
    (desk() as unknown as { edit(change: object): void }).edit({ sound: true });
    await says(1);
    expect(chime).not.toHaveBeenCalled();
    await scroll(400);
    await says(2);
    expect(chime).toHaveBeenCalledTimes(1);
  });

  it('is not read by who reads further up, and is as soon as they come back', async () => {
    await says(1);
    await scroll(400);
    await says(2);
    await says(3);
    expect(unread()).toBe(2);
    expect(document.title).toMatch(/^\(2\) /);
    expect(room.sent('read')).toHaveLength(1);
    await scroll(0);
    expect(unread()).toBe(0);
    expect(room.sent('read').map((frame) => frame['of'])).toEqual([1, 3]);
  });

  it('is read again where what was pointed at made nothing scroll', async () => {
    stand({ scrollHeight: 2_000, clientHeight: 500, scrollTop: 1_500 });
    desk().point('c1', 1);
    await says(1);
    expect(ui()).toMatchObject({ atEnd: false, pointed: 1 });
    expect(unread()).toBe(1);
    await room.pass(1_500);
    expect(ui().atEnd).toBe(true);
    expect(unread()).toBe(0);
  });

  it('is read where all of the thread is in sight, though it was told to stand further up', async () => {
    stand({ scrollHeight: 500, clientHeight: 500, scrollTop: 0 });
    desk().unfold('c1');
    await says(1);
    expect(ui().atEnd).toBe(true);
    expect(unread()).toBe(0);
  });
});

describe('earlier events', () => {
  it('come in front in silence, and what comes after them is read out again', async () => {
    desk().unfold('c1');
    expect(ui()).toMatchObject({ recalling: true, atEnd: false, shown: Infinity });
    await room.pass(400);
    desk().point('c1', 1);
    await room.pass(400);
    expect(ui().recalling).toBe(true);
    await room.pass(200);
    expect(ui().recalling).toBe(false);
  });
});

describe('a refusal of what a dialog asked for', () => {
  const until = '2026-11-22T10:00:00.000Z';
  const snooze = (): void => void desk().settle({ type: 'snooze', conversation: 'c1', until }, 'snoozed');
  async function refuse(): Promise<void> {
    const id = room.sent('snooze').at(-1)?.['id'];
    room.socket.hear({ type: 'error', id, code: 'bad_request', message: 'until: …', field: 'until' });
    await room.pass();
  }

  it('is told in it while it stands, and gone when it is sent again', async () => {
    const dialog = { name: 'snooze', about: 'c1' } as const;
    desk().edit({ dialog });
    snooze();
    await refuse();
    expect(ui()).toMatchObject({ dialog, refused: { dialog, words: 'Choose a time in the future, at most a month ahead.' } });
    expect(toasts()).toEqual([]);
    snooze();
    expect(ui().refused).toBeNull();
    await room.ack('snooze');
    expect(ui().dialog).toBeNull();
  });

  it('is a notice where it was closed meanwhile', async () => {
    desk().edit({ dialog: { name: 'snooze', about: 'c1' } });
    snooze();
    desk().edit({ dialog: null });
    await refuse();
    expect(ui().refused).toBeNull();
    expect(toasts()).toEqual(['Choose a time in the future, at most a month ahead.']);
  });
});
