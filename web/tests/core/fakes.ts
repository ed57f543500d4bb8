/** A line that a test holds in its hand, and a clock that it turns. */
import { Connection, type Link, type SocketLike } from '../../src/core/connection';
import type { Clock } from '../../src/core/clock';
import type { Frame, Request } from '../../src/core/protocol';

export class FakeClock implements Clock {
  private time = 1_000_000;
  private tasks: { at: number; task: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, task: () => void): () => void {
    const entry = { at: this.time + ms, task };
    this.tasks.push(entry);
    return () => {
      this.tasks = this.tasks.filter((other) => other !== entry);
    };
  }

  /** Lets `ms` pass, running what falls due in its order, with room for promises in between. */
  async pass(ms: number): Promise<void> {
    await settle();
    const end = this.time + ms;
    for (;;) {
      const next = this.tasks.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.tasks = this.tasks.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.task();
      await settle();
    }
    this.time = end;
    await settle();
  }
}

/** Promises that are already decided have run after this. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await Promise.resolve();
}

export class FakeSocket implements SocketLike {
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  onerror: SocketLike['onerror'] = null;
  readonly sent: Request[] = [];
  closed: number | null = null;

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Request);
  }

  close(code = 1000): void {
    this.closed = code;
  }

  /** The far side accepts the upgrade. */
  accept(): void {
    this.onopen?.(undefined as never);
  }

  hear(frame: object | string): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) } as never);
  }

  /** The far side closes with `code`. */
  end(code: number): void {
    this.onclose?.({ code } as never);
  }

  welcome(): void {
    this.accept();
    this.hear({ type: 'welcome' });
  }

  types(): string[] {
    return this.sent.map((frame) => frame.type);
  }
}

export interface Rig {
  connection: Connection;
  clock: FakeClock;
  sockets: FakeSocket[];
  frames: Frame[];
  links: Link[];
  readonly socket: FakeSocket;
}

/** A connection on a fake line; jitter is in the middle unless told otherwise. */
export function rig(
  options: {
    hello?: () => Request | Promise<Request>;
    onUnauthorized?: () => boolean;
    connect?: () => SocketLike;
    random?: () => number;
  } = {},
): Rig {
  const clock = new FakeClock();
  const sockets: FakeSocket[] = [];
  const frames: Frame[] = [];
  const links: Link[] = [];
  let ids = 0;
  const connection = new Connection({
    clock,
    random: options.random ?? (() => 0.5),
    newId: () => `id-${++ids}`,
    connect:
      options.connect ??
      (() => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      }),
    hello: options.hello ?? (() => ({ type: 'hello', after: 0 })),
    onFrame: (frame) => frames.push(frame),
    onLink: (link) => links.push(link),
    onUnauthorized: options.onUnauthorized ?? (() => false),
  });
  return {
    connection,
    clock,
    sockets,
    frames,
    links,
    get socket() {
      const last = sockets.at(-1);
      if (!last) throw new Error('no socket was opened');
      return last;
    },
  };
}

/** A started and welcomed connection. */
export async function welcomed(options: Parameters<typeof rig>[0] = {}): Promise<Rig> {
  const made = rig(options);
  made.connection.start();
  await settle();
  made.socket.welcome();
  return made;
}
