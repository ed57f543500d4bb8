/**
 * One websocket that comes back: hello, acknowledgements by id, and what was not acknowledged sent again with the
 * same id after a reconnect, so that the hub sees each request once however often the line breaks.
 *
 * The connection knows nothing of conversations. It hands every frame but `ack`, `pong` and answered errors to
 * `onFrame`, in the order in which they came.
 */
import { pause } from './backoff';
import { type Clock, realClock } from './clock';
import { type AckFrame, decode, type ErrorFrame, type Frame, type Request } from './protocol';

/** The part of a WebSocket that is used here. */
export interface SocketLike {
  send(data: string): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: { data: unknown } & never) => unknown) | null;
  onclose: ((event: { code: number } & never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
}

/**
 * idle: not started or stopped; connecting: first attempt, or one that follows a loss; open: welcomed;
 * waiting: lost, the next attempt is due at `retryAt`; refused: signed out, only `start()` tries again.
 */
export type Link = 'idle' | 'connecting' | 'open' | 'waiting' | 'refused';

/** What a request ends with when the hub says no; `code` is one of the protocol's. */
export class Refused extends Error {
  readonly code: string;
  readonly frame: ErrorFrame;

  constructor(frame: ErrorFrame) {
    super(`${frame.code}: ${frame.message ?? ''}`);
    this.name = 'Refused';
    this.code = frame.code;
    this.frame = frame;
  }
}

/** Thrown by `hello()` when there is nothing to say hello with: the agent has to sign in. */
export class SignedOut extends Error {}

export interface ConnectionOptions {
  connect(): SocketLike;
  /** The fields of `hello`, asked for at every attempt. May throw SignedOut. */
  hello(): Request | Promise<Request>;
  onFrame(frame: Frame): void;
  onLink(link: Link, retryAt: number | null): void;
  /** The hub did not take the hello's token. Return true to try again at once (with another token). */
  onUnauthorized(): boolean;
  newId?: () => string;
  clock?: Clock;
  random?: () => number;
}

interface Outgoing {
  id: string;
  frame: Request;
  settle: { resolve(ack: AckFrame): void; reject(error: Error): void };
  /** How often the hub answered `try_later`. */
  tries: number;
  held: (() => void) | null;
  /** Called when the hub wants it later; such a request waits out `rate_limited` too. */
  waits: (() => void) | null;
}

/** Silence after which a ping asks whether the line is alive: a browser notices a dead one only in minutes. */
export const QUIET_MS = 20_000;
/** The same while an answer is owed to us. */
export const OWED_MS = 5_000;
/** How long a request waits that was one too many, where the hub does not say. */
export const RATE_S = 5;
/** How long a ping may stay unanswered. */
export const PONG_MS = 8_000;
/** A hello that is not ready by then is given up, and so is a socket that has not welcomed us after as long again. */
export const WELCOME_MS = 10_000;
/** A line that held this long starts again from the shortest pause when it breaks. */
export const STEADY_MS = 10_000;

export class Connection {
  private readonly options: Required<ConnectionOptions>;
  private socket: SocketLike | null = null;
  private link: Link = 'idle';
  private attempt = 0;
  /** Counts the attempts begun and ended: what an earlier one still brings is of no use. */
  private round = 0;
  private unauthorized = false;
  /** A refused token was replaced, and no welcome has come since. */
  private renewed = false;
  private heardAt = 0;
  private pingedAt: number | null = null;
  private openedAt = 0;
  private timers: (() => void)[] = [];
  private readonly outbox = new Map<string, Outgoing>();
  /** The hub has had too many at once: those that can wait go one by one, in their order, until none is left. */
  private queueing = false;

  constructor(options: ConnectionOptions) {
    this.options = { newId: () => crypto.randomUUID(), clock: realClock, random: Math.random, ...options };
  }

  get state(): Link {
    return this.link;
  }

  /** Opens the line; idempotent. */
  start(): void {
    if (this.link === 'idle' || this.link === 'refused') {
      this.attempt = 0;
      void this.open();
    }
  }

  /** Closes the line for good; requests under way stay in the outbox until `start()` or `clear()`. */
  stop(): void {
    this.drop(1000);
    this.become('idle');
  }

  /** Forgets everything that was not acknowledged. */
  clear(): void {
    for (const outgoing of this.outbox.values()) outgoing.held?.();
    this.outbox.clear();
    this.queueing = false;
  }

  /** Tries again at once when waiting, asks for a sign of life when open: for `online`, `pageshow`, a woken laptop. */
  nudge(): void {
    if (this.link === 'waiting') {
      this.attempt = 0;
      void this.open();
    } else if (this.link === 'open' && this.pingedAt === null) this.ping();
  }

  /** Drops the socket and comes back, for a log with a hole in it. */
  restart(): void {
    if (this.link === 'open') this.lost(1012);
  }

  /**
   * Sends a frame that asks for something, now or when the line is back.
   *
   * Give `id` to repeat an earlier request: the hub answers it again without a second effect. Give `waits` for what must
   * not be lost for being one too many: it is called when the hub says `rate_limited`, and the request goes again when
   * the hub will have it, those after it behind it.
   *
   * @throws Refused when the hub answers with an error other than `try_later`, which is waited out.
   */
  request(frame: Request, id = this.options.newId(), waits: (() => void) | null = null): Promise<AckFrame> {
    return new Promise((resolve, reject) => {
      const outgoing: Outgoing = { id, frame, settle: { resolve, reject }, tries: 0, held: null, waits };
      this.outbox.set(id, outgoing);
      if (this.link === 'open') this.push(outgoing);
    });
  }

  /** Sends a frame that nobody answers (`typing`), if the line is open now. */
  tell(frame: Request): void {
    if (this.link === 'open') this.write(frame);
  }

  private become(link: Link, retryAt: number | null = null): void {
    if (this.link === link && link !== 'waiting') return;
    this.link = link;
    this.options.onLink(link, retryAt);
  }

  private later(ms: number, task: () => void): () => void {
    const cancel = this.options.clock.after(ms, task);
    this.timers.push(cancel);
    return cancel;
  }

  private calm(): void {
    for (const cancel of this.timers) cancel();
    this.timers = [];
  }

  private async open(): Promise<void> {
    const round = ++this.round;
    this.become('connecting');
    this.unauthorized = false;
    // A request on a line that is gone may take minutes to fail.
    this.limit();
    let hello: Request;
    try {
      hello = await this.options.hello();
    } catch (error) {
      if (this.round !== round) return;
      this.calm();
      if (error instanceof SignedOut) this.become('refused');
      else this.retry(1006);
      return;
    }
    if (this.round !== round) return;
    let socket: SocketLike;
    try {
      socket = this.options.connect();
    } catch {
      this.calm();
      this.retry(1006);
      return;
    }
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ ...hello, type: 'hello' }));
    socket.onmessage = (event: { data: unknown }) => this.hear(socket, event.data);
    socket.onclose = (event: { code: number }) => {
      if (this.socket === socket) this.lost(event.code);
    };
    socket.onerror = () => undefined; // a close always follows
    this.limit();
  }

  /** Gives what is under way a while from now on; nothing else is due while connecting. */
  private limit(): void {
    this.calm();
    this.later(WELCOME_MS, () => this.lost(1006));
  }

  private hear(socket: SocketLike, data: unknown): void {
    if (this.socket !== socket) return;
    this.heardAt = this.options.clock.now();
    this.pingedAt = null;
    const frame = decode(data);
    if (!frame) return;
    switch (frame.type) {
      case 'pong':
        return;
      case 'ping':
        this.write({ type: 'pong' });
        return;
      case 'ack':
        this.settle(frame as unknown as AckFrame);
        return;
      case 'error':
        this.refuse(frame as unknown as ErrorFrame, frame);
        return;
      case 'welcome':
        this.welcomed(frame);
        return;
      default:
        this.options.onFrame(frame);
    }
  }

  private welcomed(frame: Frame): void {
    this.calm();
    this.openedAt = this.heardAt;
    this.renewed = false;
    this.options.onFrame(frame);
    this.become('open');
    for (const outgoing of this.outbox.values()) if (!outgoing.held) this.push(outgoing);
    this.watch();
  }

  private settle(ack: AckFrame): void {
    const outgoing = this.outbox.get(ack.id);
    if (!outgoing) return;
    this.outbox.delete(ack.id);
    outgoing.settle.resolve(ack);
    this.next();
  }

  private refuse(error: ErrorFrame, frame: Frame): void {
    const outgoing = this.outbox.get(error.id ?? '');
    if (!outgoing) {
      if (error.code === 'unauthorized') this.unauthorized = true;
      else this.options.onFrame(frame);
      return;
    }
    if (error.code === 'try_later') {
      this.hold(outgoing, pause(outgoing.tries++, 0, this.options.random()));
      return;
    }
    if (error.code === 'rate_limited' && outgoing.waits) {
      this.queueing = true;
      this.hold(outgoing, (error.retry_after ?? RATE_S) * 1_000);
      outgoing.waits();
      return;
    }
    this.outbox.delete(outgoing.id);
    outgoing.settle.reject(new Refused(error));
    this.next();
  }

  /** Keeps a request back for a while. */
  private hold(outgoing: Outgoing, ms: number): void {
    outgoing.held?.();
    outgoing.held = this.options.clock.after(ms, () => {
      outgoing.held = null;
      if (this.link === 'open' && this.outbox.has(outgoing.id)) this.push(outgoing);
    });
  }

  /** The first of those that go one by one. */
  private first(): Outgoing | undefined {
    return [...this.outbox.values()].find((outgoing) => outgoing.waits);
  }

  /** One was answered: the next may go. */
  private next(): void {
    if (!this.queueing) return;
    const first = this.first();
    this.queueing = first !== undefined;
    if (first && !first.held && this.link === 'open') this.push(first);
  }

  private push(outgoing: Outgoing): void {
    if (this.queueing && outgoing.waits && outgoing !== this.first()) {
      outgoing.waits();
      return;
    }
    this.write({ ...outgoing.frame, id: outgoing.id });
  }

  private write(frame: Request): void {
    try {
      this.socket?.send(JSON.stringify(frame));
    } catch {
      // The socket is closing; what matters lies in the outbox and goes again after the reconnect.
    }
  }

  private ping(): void {
    this.pingedAt = this.options.clock.now();
    this.write({ type: 'ping' });
  }

  private watch(): void {
    this.later(2_500, () => {
      if (this.link !== 'open') return;
      const now = this.options.clock.now();
      const first = this.queueing && this.first();
      const owed = [...this.outbox.values()].some((one) => !one.held && (!first || !one.waits || one === first));
      if (this.pingedAt !== null) {
        if (now - this.pingedAt >= PONG_MS) {
          this.lost(1006);
          return;
        }
      } else if (now - this.heardAt >= (owed ? OWED_MS : QUIET_MS)) this.ping();
      this.watch();
    });
  }

  private drop(code: number): void {
    this.calm();
    this.round++;
    this.pingedAt = null;
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      try {
        socket.close(code === 1000 ? 1000 : 4000);
      } catch {
        // already gone
      }
    }
  }

  private lost(code: number): void {
    const welcomed = this.link === 'open';
    this.drop(1006);
    if (welcomed && this.options.clock.now() - this.openedAt >= STEADY_MS) this.attempt = 0;
    if (code === 1009) this.tooLarge();
    if (this.unauthorized && this.options.onUnauthorized() && !this.renewed) {
      // Once only: a second refusal in a row waits like any other loss, or two sides that disagree would spin.
      this.renewed = true;
      void this.open();
      return;
    }
    this.retry(code);
  }

  private tooLarge(): void {
    // The hub does not say which frame was too large; sending all of them again would only repeat the close.
    for (const outgoing of [...this.outbox.values()]) {
      outgoing.held?.();
      this.outbox.delete(outgoing.id);
      outgoing.settle.reject(new Refused({ type: 'error', id: outgoing.id, code: 'too_large' }));
    }
  }

  private retry(code: number): void {
    const ms = pause(this.attempt++, code, this.options.random());
    this.become('waiting', this.options.clock.now() + ms);
    this.later(ms, () => void this.open());
  }
}
