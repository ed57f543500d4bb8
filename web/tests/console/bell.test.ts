import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AINO, closeRoom, openRoom, type Room } from './fakes';

const { ring, wake } = vi.hoisted(() => ({ ring: vi.fn(), wake: vi.fn() }));
vi.mock('lit/html.js', async (original) => ({ ...(await original<object>()), render: () => undefined }));
vi.mock('../../src/console/view', () => ({ view: () => null }));
vi.mock('../../src/view/chime', () => ({ chime: ring, wake }));

let room: Room;
beforeEach(async () => {
  ring.mockClear();
  wake.mockClear();
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

describe('the sound that was chosen before', () => {
  it('is woken as soon as the agent is in, and only where it was chosen', async () => {
    expect(wake).not.toHaveBeenCalled();
    closeRoom();
    room = await openRoom();
    room.answers.set('GET /api/me/settings', { settings: { sound: true } });
    await room.welcome(AINO, [], []);
    await room.pass();
    expect(wake).toHaveBeenCalledTimes(1);
    expect(ring).not.toHaveBeenCalled();
  });
});
