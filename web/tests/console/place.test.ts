import { beforeEach, describe, expect, it } from 'vitest';
import { endInSight, Place } from '../../src/console/place';

const ROW_PX = 100;

/** A thread of rows of one height; `height` of it can be seen. */
class Thread {
  height = 300;
  scrollTop = 0;
  rows: Row[] = [];

  fill(from: number, to: number): void {
    const before = new Map(this.rows.map((row) => [row.seq, row]));
    for (const row of this.rows) row.isConnected = false;
    this.rows = [];
    for (let seq = from; seq <= to; seq++) this.rows.push(before.get(seq) ?? new Row(this, seq));
    for (const row of this.rows) row.isConnected = true;
  }

  get scrollHeight(): number {
    return Math.max(this.height, this.rows.length * ROW_PX);
  }

  get clientHeight(): number {
    return this.height;
  }

  querySelectorAll(): Row[] {
    return this.rows;
  }

  getBoundingClientRect(): { top: number } {
    return { top: 60 };
  }

  /** The first row that can be seen, and how far it is from the upper edge. */
  get read(): [number | undefined, number] {
    const row = this.rows.find((one) => one.getBoundingClientRect().bottom > 60);
    return [row?.seq, (row?.getBoundingClientRect().top ?? 0) - 60];
  }
}

class Row {
  isConnected = true;

  constructor(
    private readonly thread: Thread,
    readonly seq: number,
  ) {}

  getBoundingClientRect(): { top: number; bottom: number } {
    const top = 60 + this.thread.rows.indexOf(this) * ROW_PX - this.thread.scrollTop;
    return { top, bottom: top + ROW_PX };
  }
}

let log: Thread;
let place: Place;
beforeEach(() => {
  log = new Thread();
  log.fill(50, 60);
  place = new Place({ querySelector: () => log } as unknown as HTMLElement);
});

describe('what is being read', () => {
  it('stays where it is when earlier messages come in front, from the very top too', () => {
    place.keep(() => log.fill(1, 60), false);
    expect(log.read).toEqual([50, 0]);
    log.scrollTop = 730;
    place.keep(() => log.fill(-9, 60), false);
    expect(log.read).toEqual([8, -30]);
  });

  it('stays where it is when messages come below, or go in front', () => {
    log.scrollTop = 430;
    place.keep(() => log.fill(50, 62), false);
    expect(log.scrollTop).toBe(430);
    place.keep(() => log.fill(52, 62), false);
    expect(log.read).toEqual([54, -30]);
  });

  it('is nothing to hold where the thread is drawn anew, or not at all', () => {
    log.scrollTop = 430;
    place.keep(() => log.fill(1, 5), false);
    expect(log.scrollTop).toBe(430);
    const none = new Place({ querySelector: () => null } as unknown as HTMLElement);
    let drawn = 0;
    none.keep(() => drawn++, false);
    expect([drawn, none.whole]).toEqual([1, false]);
  });
});

describe('the end of a thread', () => {
  it('is followed by who stands there', () => {
    place.keep(() => log.fill(50, 70), true);
    expect(log.scrollTop).toBe(2_100);
  });

  it('is in sight where there is nothing to scroll, or less than a message', () => {
    expect(place.whole).toBe(false);
    log.fill(1, 3);
    expect(place.whole).toBe(true);
    log.height = 260;
    expect(place.whole).toBe(true);
    log.height = 200;
    expect(place.whole).toBe(false);
  });

  it('is in sight from a little above it', () => {
    const thread = log as unknown as HTMLElement;
    log.scrollTop = 710;
    expect(endInSight(thread)).toBe(true);
    log.scrollTop = 700;
    expect(endInSight(thread)).toBe(false);
  });
});
