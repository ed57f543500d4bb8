/**
 * Where the thread stands. At its end it follows what comes; further up, what is being read stays where it is, whatever
 * is put in front of it. Browsers see to that only below a thread's very top, and not all of them do.
 */

/** A row before the agent's eyes, and how far below the thread's upper edge. */
interface Reading {
  row: Element;
  at: number;
}

/** So near, the newest message is in sight. */
const END_PX = 96;
/** Less than a pixel is rounding; to write it back would stop a smooth scroll that is under way. */
const MOVED_PX = 1;

export class Place {
  constructor(private readonly container: HTMLElement) {}

  private get log(): HTMLElement | null {
    return this.container.querySelector<HTMLElement>('.log');
  }

  /** The end is in sight wherever the thread stands: it may never scroll, and so tell nobody of it. */
  get whole(): boolean {
    const { log } = this;
    return log !== null && endInSight(log, 0);
  }

  /** Draws, then goes to the end or back to what was being read. */
  keep(draw: () => void, atEnd: boolean): void {
    const before = atEnd ? null : this.reading();
    draw();
    const { log } = this;
    if (!log) return;
    if (atEnd) log.scrollTop = log.scrollHeight;
    if (!before?.row.isConnected) return;
    const moved = below(log, before.row) - before.at;
    if (Math.abs(moved) >= MOVED_PX) log.scrollTop += moved;
  }

  private reading(): Reading | null {
    const { log } = this;
    if (!log) return null;
    const top = log.getBoundingClientRect().top;
    const row = [...log.querySelectorAll('[data-seq]')].find((one) => one.getBoundingClientRect().bottom > top);
    return row ? { row, at: below(log, row) } : null;
  }
}

/** Whether the thread's end is in sight, from where it stands or from `top`. */
export function endInSight({ scrollHeight, clientHeight, scrollTop }: HTMLElement, top = scrollTop): boolean {
  return scrollHeight - top - clientHeight < END_PX;
}

function below(log: Element, row: Element): number {
  return row.getBoundingClientRect().top - log.getBoundingClientRect().top;
}
