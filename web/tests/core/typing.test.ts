import { describe, expect, it } from 'vitest';
import { EVERY_MS, Lapses, LAPSES_MS, STOPS_MS, TypingNotice } from '../../src/core/typing';
import { FakeClock } from './fakes';

describe("one's own typing", () => {
  it('is told at the first key and then only now and again', async () => {
    const clock = new FakeClock();
    const told: boolean[] = [];
    const notice = new TypingNotice((on) => told.push(on), clock);
    for (let key = 0; key < 30; key++) {
      notice.typed('x'.repeat(key + 1));
      await clock.pass(EVERY_MS / 15);
    }
    expect(told).toEqual([true, true]);
  });

  it('ends by itself, by an emptied field, and once only', async () => {
    const clock = new FakeClock();
    const told: boolean[] = [];
    const notice = new TypingNotice((on) => told.push(on), clock);
    notice.typed('a');
    await clock.pass(STOPS_MS);
    expect(told).toEqual([true, false]);
    notice.typed('b');
    notice.typed(' ');
    notice.stop();
    await clock.pass(STOPS_MS);
    expect(told).toEqual([true, false, true, false]);
  });

  it('is not told at all when nothing was typed', () => {
    const told: boolean[] = [];
    new TypingNotice((on) => told.push(on), new FakeClock()).stop();
    expect(told).toEqual([]);
  });
});

describe("the other side's typing", () => {
  it('lapses when no more is heard, later if it is renewed, and never if it is dropped', async () => {
    const clock = new FakeClock();
    const lapses = new Lapses(clock);
    const over: string[] = [];
    lapses.renew('bot', () => over.push('bot'));
    lapses.renew('agent', () => over.push('agent'));
    lapses.renew('gone', () => over.push('gone'));
    lapses.drop('gone');
    lapses.begin('bot', () => over.push('never'), 1);
    await clock.pass(LAPSES_MS - 1);
    lapses.renew('agent', () => over.push('agent'));
    await clock.pass(1);
    expect(over).toEqual(['bot']);
    await clock.pass(LAPSES_MS);
    expect(over).toEqual(['bot', 'agent']);
  });
});
