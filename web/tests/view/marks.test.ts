import { describe, expect, it } from 'vitest';
import { isMark, marksOf, wording } from '../../src/console/marks';
import type { LogEvent } from '../../src/core/protocol';

const message: LogEvent = { seq: 1, kind: 'message', author: { role: 'visitor' }, text: 'helo' };
let seq = 1;
const about = (kind: string, more: Partial<LogEvent> = {}): LogEvent => ({ seq: ++seq, kind, of: 1, ...more });

describe('what happens to messages', () => {
  it('shows the latest wording of an edited message', () => {
    const { of } = marksOf([message, about('edited', { text: 'hell' }), about('edited', { text: 'hello' })]);
    expect(wording(message, of.get(1))).toBe('hello');
    expect(wording({ ...message, seq: 9 }, of.get(9))).toBe('helo');
  });

  it('does not show what was taken back, edited or not', () => {
    const { of } = marksOf([message, about('edited', { text: 'hello' }), about('unsent')]);
    expect(wording(message, of.get(1))).toBeNull();
  });

  it('knows the last reaction, and that it was taken back', () => {
    const liked = [message, about('reaction', { emoji: '❤', on: true })];
    expect(marksOf(liked).of.get(1)?.reaction).toBe('❤');
    expect(marksOf([...liked, about('reaction', { emoji: '❤', on: false })]).of.get(1)?.reaction).toBeNull();
  });

  it('knows how far the person has received and read', () => {
    const { delivered, read } = marksOf([about('delivered', { of: 7 }), about('read', { of: 5 }), about('read', { of: 3 })]);
    expect([delivered, read]).toEqual([7, 5]);
  });

  it('takes nothing else for a mark', () => {
    expect(isMark(message)).toBe(false);
    expect(isMark({ seq: 2, kind: 'channel', code: 'token' })).toBe(false);
    expect(isMark({ seq: 2, kind: 'edited' })).toBe(false);
  });
});
