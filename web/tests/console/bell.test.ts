import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AINO, closeRoom, openRoom, type Room } from './fakes';

const { ring } = vi.hoisted(() => ({ ring: vi.fn() }));
vi.mock('lit/html.js', async (original) => ({ ...(await original<object>()), render: () => undefined }));
vi.mock('../../src/console/view', () => ({ view: () => null }));
vi.mock('../../src/view/chime', () => ({ chime: ring }));

let room: Room;
beforeEach(async () => {
  ring.mockClear();
  room = await openRoom();
  await room.welcome(AINO, [], []);
  room.desk().edit({ sound: true });
  room.page.hidden = true;
});
afterEach(closeRoom);

describe('an alert', () => {
  it('is rung for when it is raised, and neither for its new figures nor for its end', async () => {
    const alert = { type: 'alert', id: 'growth', kind: 'growth', text: 'Waiting: 3.', at: '2026-11-23T10:00:00.000Z' };
    room.socket.hear(alert);
    await room.pass();
    expect(ring).toHaveBeenCalledTimes(1);
    room.socket.hear({ ...alert, text: 'Waiting: 12.', quiet: true });
    room.socket.hear({ ...alert, ended: true });
    await room.pass();
    expect(ring).toHaveBeenCalledTimes(1);
    room.socket.hear({ ...alert, ended: false });
    await room.pass();
    expect(ring).toHaveBeenCalledTimes(2);
  });
});
