import { describe, expect, it } from 'vitest';
import { append, EMPTY, hasGap, restartFrom } from '../../src/core/log';
import type { LogEvent } from '../../src/core/protocol';

const event = (seq: number, kind = 'message'): LogEvent => ({ seq, kind, text: `m${seq}` });
const seqs = (log: { events: readonly LogEvent[] }): number[] => log.events.map((each) => each.seq);

describe('a log', () => {
  it('ends in the same order whatever the order of arrival, and with repeats', () => {
    for (const order of [
      [1, 2, 3, 4],
      [4, 3, 2, 1],
      [2, 2, 1, 4, 1, 3, 3],
    ]) {
      const log = order.reduce((so, seq) => append(so, event(seq)), EMPTY);
      expect(seqs(log)).toEqual([1, 2, 3, 4]);
      expect(log.cursor).toBe(4);
      expect(hasGap(log)).toBe(false);
    }
  });

  it('holds back what comes after a gap, and does not move its cursor over it', () => {
    const log = [1, 3].reduce((so, seq) => append(so, event(seq)), EMPTY);
    expect(seqs(log)).toEqual([1]);
    expect(log.cursor).toBe(1);
    expect(hasGap(log)).toBe(true);
  });

  it('counts hidden events without showing them', () => {
    const log = append(append(append(EMPTY, event(1)), event(2, 'hidden')), event(3));
    expect(seqs(log)).toEqual([1, 3]);
    expect(log.cursor).toBe(3);
  });

  it('stays the very same object when nothing is new', () => {
    const log = append(EMPTY, event(1));
    expect(append(log, event(1))).toBe(log);
  });

  it('leaves the old log as it was', () => {
    append(EMPTY, event(1));
    expect(EMPTY).toEqual({ events: [], cursor: 0, held: new Map() });
  });

  it('starts anew where the hub says', () => {
    const log = append(restartFrom(5), event(5));
    expect(seqs(log)).toEqual([5]);
    expect(log.cursor).toBe(5);
  });
});
