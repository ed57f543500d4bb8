import { describe, expect, it } from 'vitest';
import { OWED_MS, PONG_MS, QUIET_MS, Refused, SignedOut, STEADY_MS, WELCOME_MS } from '../../src/core/connection';
import type { Request } from '../../src/core/protocol';
import { rig, settle, welcomed } from './fakes';

describe('a connection', () => {
  it('says hello first and is open only once it is welcomed', async () => {
    const { connection, socket, links, frames } = await (async () => {
      const made = rig({ hello: () => ({ type: 'hello', token: 't', after: 7 }) });
      made.connection.start();
      await settle();
      return made;
    })();
    socket.accept();
    expect(socket.sent).toEqual([{ type: 'hello', token: 't', after: 7 }]);
    expect(connection.state).toBe('connecting');
    socket.hear({ type: 'welcome', last: 7 });
    expect(connection.state).toBe('open');
    expect(links).toEqual(['connecting', 'open']);
    expect(frames).toEqual([{ type: 'welcome', last: 7 }]);
  });

  it('keeps requests until the welcome, then sends them in their order', async () => {
    const made = rig();
    void made.connection.request({ type: 'message', text: 'one' });
    void made.connection.request({ type: 'message', text: 'two' });
    made.connection.start();
    await settle();
    made.socket.welcome();
    expect(made.socket.sent.slice(1)).toEqual([
      { type: 'message', text: 'one', id: 'id-1' },
      { type: 'message', text: 'two', id: 'id-2' },
    ]);
  });

  it('resolves a request with its acknowledgement', async () => {
    const { connection, socket } = await welcomed();
    const asked = connection.request({ type: 'message', text: 'hei' });
    socket.hear({ type: 'ack', id: 'id-1', seq: 3 });
    await expect(asked).resolves.toMatchObject({ seq: 3 });
  });

  it('rejects a request with the code and the fields of its error', async () => {
    const { connection, socket } = await welcomed();
    const asked = connection.request({ type: 'claim', conversation: 'c' });
    socket.hear({ type: 'error', id: 'id-1', code: 'conflict', message: '', assignee: { id: 'a', name: 'Aino' } });
    const error = await asked.catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(Refused);
    expect((error as Refused).code).toBe('conflict');
    expect((error as Refused).frame.assignee?.name).toBe('Aino');
  });

  it('sends what was not acknowledged again, with the same id, and not what was', async () => {
    const made = await welcomed();
    void made.connection.request({ type: 'message', text: 'kept' });
    void made.connection.request({ type: 'message', text: 'lost' });
    made.socket.hear({ type: 'ack', id: 'id-1' });
    made.socket.end(1006);
    await made.clock.pass(1_000);
    expect(made.sockets).toHaveLength(2);
    made.socket.welcome();
    expect(made.socket.sent.slice(1)).toEqual([{ type: 'message', text: 'lost', id: 'id-2' }]);
  });

  it('asks for the hello anew at each attempt, so that the cursor is fresh', async () => {
    let after = 0;
    const made = await welcomed({ hello: () => ({ type: 'hello', after: after++ }) });
    made.socket.end(1012);
    await made.clock.pass(1_000);
    made.socket.accept();
    expect(made.socket.sent[0]).toEqual({ type: 'hello', after: 1 });
  });

  it('never loses what is one too many: it goes again by itself, and what follows goes behind it', async () => {
    const made = await welcomed();
    const waiting: string[] = [];
    const say = (text: string) => made.connection.request({ type: 'message', text }, text, () => waiting.push(text));
    const answered = [say('one'), say('two'), say('three')];
    made.socket.hear({ type: 'ack', id: 'one' });
    made.socket.hear({ type: 'error', id: 'two', code: 'rate_limited', retry_after: 3 });
    made.socket.hear({ type: 'error', id: 'three', code: 'rate_limited', retry_after: 3 });
    answered.push(say('four'));
    expect(waiting).toEqual(['two', 'three', 'four']);
    const before = made.socket.sent.length;
    await made.clock.pass(2_900);
    expect(made.socket.sent.slice(before).filter((frame) => frame.type === 'message')).toEqual([]);
    for (const text of ['two', 'three', 'four']) {
      await made.clock.pass(200);
      expect(made.socket.sent.at(-1)).toEqual({ type: 'message', text, id: text });
      made.socket.hear({ type: 'ack', id: text });
    }
    await expect(Promise.all(answered)).resolves.toHaveLength(4);
    void say('five');
    void say('six');
    expect(made.socket.sent.slice(-2).map((frame) => frame['text'])).toEqual(['five', 'six']);
  });

  it('keeps the order of what waits over a lost line', async () => {
    const made = await welcomed();
    void made.connection.request({ type: 'message', text: 'one' }, 'one', () => undefined);
    void made.connection.request({ type: 'message', text: 'two' }, 'two', () => undefined);
    made.socket.hear({ type: 'error', id: 'one', code: 'rate_limited', retry_after: 1 });
    made.socket.end(1006);
    await made.clock.pass(2_000);
    made.socket.welcome();
    expect(made.socket.sent.slice(1)).toEqual([{ type: 'message', text: 'one', id: 'one' }]);
    made.socket.hear({ type: 'ack', id: 'one' });
    expect(made.socket.sent.at(-1)).toEqual({ type: 'message', text: 'two', id: 'two' });
  });

  it('tells at once who cannot wait', async () => {
    const made = await welcomed();
    const asked = made.connection.request({ type: 'email_transcript', email: 'a@b.fi' });
    made.socket.hear({ type: 'error', id: 'id-1', code: 'rate_limited', retry_after: 60 });
    await expect(asked).rejects.toMatchObject({ code: 'rate_limited' });
  });

  it('waits a request out that the hub puts off, and sends it again with the same id', async () => {
    const made = await welcomed();
    const asked = made.connection.request({ type: 'message', text: 'hei' });
    made.socket.hear({ type: 'error', id: 'id-1', code: 'try_later' });
    expect(made.socket.types()).toEqual(['hello', 'message']);
    await made.clock.pass(600);
    expect(made.socket.sent.at(-1)).toEqual({ type: 'message', text: 'hei', id: 'id-1' });
    made.socket.hear({ type: 'ack', id: 'id-1', seq: 1 });
    await expect(asked).resolves.toMatchObject({ seq: 1 });
  });

  it('does not repeat a frame that nobody answers', async () => {
    const made = await welcomed();
    made.connection.tell({ type: 'typing', on: true });
    made.socket.end(1006);
    made.connection.tell({ type: 'typing', on: true });
    await made.clock.pass(1_000);
    made.socket.welcome();
    expect(made.socket.types()).toEqual(['hello']);
  });

  it('hands on the frames it does not know itself, and drops what is no frame', async () => {
    const { socket, frames } = await welcomed();
    socket.hear('not json');
    socket.hear('[1]');
    socket.hear({ type: 'event', seq: 0, kind: 'message' });
    socket.hear({ type: 'pong' });
    socket.hear({ type: 'status', status: 'queued' });
    socket.hear({ type: 'error', id: null, code: 'bad_request' });
    expect(frames.slice(1).map((frame) => frame.type)).toEqual(['status', 'error']);
  });

  it('answers a ping', async () => {
    const { socket } = await welcomed();
    socket.hear({ type: 'ping' });
    expect(socket.sent.at(-1)).toEqual({ type: 'pong' });
  });
});

describe('a line that breaks', () => {
  it('is tried again after half a second, doubling to thirty, with jitter', async () => {
    const made = await welcomed({ random: () => 1 });
    const pauses: number[] = [];
    for (let round = 0; round < 9; round++) {
      made.socket.end(1006);
      const before = made.sockets.length;
      let waited = 0;
      while (made.sockets.length === before) {
        await made.clock.pass(100);
        waited += 100;
      }
      pauses.push(waited);
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  });

  it('comes back fast after a restart of the hub, later after 1013, and late after 1008', async () => {
    for (const [code, least, most] of [
      [1012, 100, 500],
      [1013, 4_000, 8_000],
      [1008, 15_000, 30_000],
    ] as const) {
      const made = await welcomed();
      made.socket.end(code);
      await made.clock.pass(least - 50);
      expect(made.sockets, `${code}: not before`).toHaveLength(1);
      await made.clock.pass(most);
      expect(made.sockets.length, `${code}: by then`).toBeGreaterThan(1);
    }
  });

  it('starts again from the shortest pause when the line had held', async () => {
    const made = await welcomed({ random: () => 1 });
    for (let round = 0; round < 4; round++) {
      made.socket.end(1006);
      await made.clock.pass(5_000);
    }
    made.socket.welcome();
    await made.clock.pass(STEADY_MS);
    made.socket.end(1006);
    await made.clock.pass(500);
    made.socket.accept();
    expect(made.socket.types()).toEqual(['hello']);
  });

  it('tries at once when nudged', async () => {
    const made = await welcomed();
    made.socket.end(1013);
    expect(made.connection.state).toBe('waiting');
    made.connection.nudge();
    await settle();
    expect(made.sockets).toHaveLength(2);
  });

  it('gives a socket up that never welcomes', async () => {
    const made = rig();
    made.connection.start();
    await settle();
    made.socket.accept();
    await made.clock.pass(WELCOME_MS + 500);
    expect(made.sockets).toHaveLength(2);
  });

  it('gives a hello up that never comes, and tries again', async () => {
    let hangs = true;
    const made = rig({ hello: () => (hangs ? new Promise(() => undefined) : { type: 'hello' }) });
    made.connection.start();
    await made.clock.pass(WELCOME_MS - 50);
    expect(made.links).toEqual(['connecting']);
    await made.clock.pass(100);
    expect(made.links).toEqual(['connecting', 'waiting']);
    hangs = false;
    await made.clock.pass(500);
    made.socket.welcome();
    expect(made.connection.state).toBe('open');
    await made.clock.pass(WELCOME_MS);
    expect(made.sockets).toHaveLength(1);
  });

  it('gives the socket its whole time after a hello that took long', async () => {
    let ready: (hello: Request) => void = () => undefined;
    const made = rig({ hello: () => new Promise<Request>((done) => (ready = done)) });
    made.connection.start();
    await made.clock.pass(WELCOME_MS - 1_000);
    ready({ type: 'hello' });
    await made.clock.pass(WELCOME_MS - 1_000);
    made.socket.welcome();
    expect(made.connection.state).toBe('open');
    expect(made.sockets).toHaveLength(1);
  });

  it.each([
    ['a token', (done: (hello: Request) => void, _: (error: Error) => void) => done({ type: 'hello', token: 'old' })],
    ['a failure', (_: (hello: Request) => void, fail: (error: Error) => void) => fail(new TypeError('network'))],
    ['a refusal', (_: (hello: Request) => void, fail: (error: Error) => void) => fail(new SignedOut())],
  ])('takes no notice of %s that comes for an attempt given up', async (_what, settles) => {
    const late: (() => void)[] = [];
    const made = rig({ hello: () => new Promise<Request>((done, fail) => late.push(() => settles(done, fail))) });
    made.connection.start();
    made.connection.stop();
    made.connection.start();
    late[0]?.();
    await settle();
    expect(made.sockets).toHaveLength(0);
    expect(made.connection.state).toBe('connecting');
    await made.clock.pass(WELCOME_MS - 50);
    expect(made.links).toEqual(['connecting', 'idle', 'connecting']);
  });

  it('stays signed out, and opens nothing when the time for its hello is over', async () => {
    const made = rig({ hello: () => Promise.reject(new SignedOut()) });
    made.connection.start();
    await made.clock.pass(2 * WELCOME_MS);
    expect(made.links).toEqual(['connecting', 'refused']);
  });

  it('outlives a socket that cannot be made', async () => {
    let tries = 0;
    const made = rig({
      connect: () => {
        tries++;
        throw new Error('blocked');
      },
    });
    made.connection.start();
    await made.clock.pass(2_000);
    expect(tries).toBeGreaterThan(1);
    expect(made.connection.state).toBe('waiting');
  });

  it('ignores what an old socket still says', async () => {
    const made = await welcomed();
    const old = made.socket;
    old.end(1006);
    await made.clock.pass(1_000);
    made.socket.welcome();
    old.hear({ type: 'status' });
    old.end(1006);
    expect(made.connection.state).toBe('open');
    expect(made.frames.some((frame) => frame.type === 'status')).toBe(false);
  });
});

describe('a line that has gone silent', () => {
  it('is pinged after a while, and left when no answer comes', async () => {
    const made = await welcomed();
    await made.clock.pass(QUIET_MS + 2_500);
    expect(made.socket.types().at(-1)).toBe('ping');
    expect(made.connection.state).toBe('open');
    await made.clock.pass(PONG_MS + 2_500);
    expect(made.sockets[0]?.closed).not.toBeNull();
    expect(made.connection.state).not.toBe('open');
  });

  it('is pinged sooner while an answer is owed', async () => {
    const made = await welcomed();
    void made.connection.request({ type: 'message', text: 'hei' });
    await made.clock.pass(OWED_MS + 2_500);
    expect(made.socket.types().at(-1)).toBe('ping');
  });

  it('is kept when anything is heard', async () => {
    const made = await welcomed();
    for (let round = 0; round < 6; round++) {
      await made.clock.pass(QUIET_MS);
      made.socket.hear({ type: 'pong' });
    }
    expect(made.sockets).toHaveLength(1);
  });
});

describe('a hub that objects', () => {
  it('to the token: tries once more at once with another, then waits like after any loss', async () => {
    let token: string | null = 'old';
    const made = rig({
      hello: () => ({ type: 'hello', ...(token ? { token } : {}) }),
      onUnauthorized: () => {
        token = null;
        return true;
      },
    });
    made.connection.start();
    await settle();
    made.socket.accept();
    made.socket.hear({ type: 'error', code: 'unauthorized', message: '' });
    made.socket.end(1008);
    await settle();
    expect(made.sockets).toHaveLength(2);
    made.socket.accept();
    expect(made.socket.sent).toEqual([{ type: 'hello' }]);
    made.socket.hear({ type: 'error', code: 'unauthorized', message: '' });
    made.socket.end(1008);
    await settle();
    expect(made.sockets).toHaveLength(2);
    expect(made.connection.state).toBe('waiting');
  });

  it('to the token after a broken line: tries with another at once all the same', async () => {
    const made = await welcomed({ onUnauthorized: () => true });
    made.socket.end(1012);
    await made.clock.pass(500);
    made.socket.accept();
    made.socket.hear({ type: 'error', id: null, code: 'unauthorized', message: '' });
    made.socket.end(1008);
    await settle();
    expect(made.sockets).toHaveLength(3);
  });

  it('to the size of a frame: the requests under way fail, and the line comes back', async () => {
    const made = await welcomed();
    const asked = made.connection.request({ type: 'message', text: 'x'.repeat(20_000) });
    made.socket.end(1009);
    await expect(asked).rejects.toMatchObject({ code: 'too_large' });
    await made.clock.pass(1_000);
    made.socket.welcome();
    expect(made.socket.types()).toEqual(['hello']);
  });

  it('stops, signed out, when there is nothing to say hello with, and starts again on demand', async () => {
    let signedIn = false;
    const made = rig({
      hello: () => {
        if (!signedIn) throw new SignedOut();
        return { type: 'hello' };
      },
    });
    made.connection.start();
    await settle();
    expect(made.connection.state).toBe('refused');
    await made.clock.pass(60_000);
    expect(made.sockets).toHaveLength(0);
    signedIn = true;
    made.connection.start();
    await settle();
    expect(made.sockets).toHaveLength(1);
  });

  it('waits when the hello cannot be made for another reason', async () => {
    let down = true;
    const made = rig({
      hello: () => {
        if (down) throw new TypeError('network');
        return { type: 'hello' };
      },
    });
    made.connection.start();
    await settle();
    expect(made.connection.state).toBe('waiting');
    down = false;
    await made.clock.pass(1_000);
    expect(made.sockets).toHaveLength(1);
  });
});

describe('stopping', () => {
  it('closes the line for good and keeps what was not sent until it starts again', async () => {
    const made = await welcomed();
    void made.connection.request({ type: 'message', text: 'later' });
    made.connection.stop();
    expect(made.socket.closed).toBe(1000);
    await made.clock.pass(60_000);
    expect(made.sockets).toHaveLength(1);
    made.connection.start();
    await settle();
    made.socket.welcome();
    expect(made.socket.types()).toEqual(['hello', 'message']);
  });

  it('forgets on demand', async () => {
    const made = await welcomed();
    void made.connection.request({ type: 'message', text: 'gone' });
    made.connection.clear();
    made.connection.restart();
    await made.clock.pass(1_000);
    made.socket.welcome();
    expect(made.socket.types()).toEqual(['hello']);
  });
});
