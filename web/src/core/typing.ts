/** Typing notices: one's own, sent sparingly; the other side's, believed for a while. */
import { type Clock, realClock } from './clock';

/** While somebody types, the other side is told again this often. */
export const EVERY_MS = 3_000;
/** Without a key for so long, one has stopped. */
export const STOPS_MS = 4_000;
/** A notice that nobody took back is believed so long: the line of who typed may have broken. */
export const LAPSES_MS = 8_000;

/** One's own typing: `tell` is called as rarely as the other side's display allows. */
export class TypingNotice {
  private toldAt: number | null = null;
  private cancel: (() => void) | null = null;

  constructor(
    private readonly tell: (on: boolean) => void,
    private readonly clock: Clock = realClock,
  ) {}

  /** A key was pressed and `text` stands there now. An emptied field counts as having stopped. */
  typed(text: string): void {
    if (!text.trim()) {
      this.stop();
      return;
    }
    const now = this.clock.now();
    if (this.toldAt === null || now - this.toldAt >= EVERY_MS) {
      this.toldAt = now;
      this.tell(true);
    }
    this.cancel?.();
    this.cancel = this.clock.after(STOPS_MS, () => this.stop());
  }

  /** Sent, left or emptied; idempotent. */
  stop(): void {
    this.cancel?.();
    this.cancel = null;
    if (this.toldAt === null) return;
    this.toldAt = null;
    this.tell(false);
  }
}

/** Things that are true for a while by name; a new notice prolongs them. */
export class Lapses {
  private readonly running = new Map<string, () => void>();

  constructor(private readonly clock: Clock = realClock) {}

  /** Calls `over` when nothing more is heard of `name` for `ms`. */
  renew(name: string, over: () => void, ms = LAPSES_MS): void {
    this.running.get(name)?.();
    const end = (): void => {
      this.running.delete(name);
      over();
    };
    this.running.set(name, this.clock.after(ms, end));
  }

  /** As `renew`, but what is running already goes on as it was. */
  begin(name: string, over: () => void, ms: number): void {
    if (!this.running.has(name)) this.renew(name, over, ms);
  }

  /** Forgets `name` without calling anything. */
  drop(name: string): void {
    this.running.get(name)?.();
    this.running.delete(name);
  }
}
