import { describe, expect, it, vi } from 'vitest';
import { type AgentState, newAgentState } from '../../src/core/agent';
import type { Agent, QueueEntry, Task } from '../../src/core/protocol';
import { callBar } from '../../src/console/calls';
import type { Desk } from '../../src/console/desk';
import { newUi } from '../../src/console/ui';
import { drawn } from './drawn';
import { AINO, line, MIKKEL } from './fakes';

const LEAD = { id: 'a3', name: 'Sanna', role: 'supervisor' };

const CALL: Task = {
  id: 'c.1',
  conversation: 'c',
  kind: 'phone',
  name: 'Freja',
  from: '2026-11-24T07:00:00.000Z',
  to: '2026-11-24T08:00:00.000Z',
  state: 'booked',
  assignee: null,
};

/** What stands above the conversation, and what the hub is asked for by each press there. */
function bar(who: object, { task, entry }: { task?: Partial<Task>; entry?: Partial<QueueEntry> }): { text: string; asks: unknown[] } {
  const state: AgentState = {
    ...newAgentState(),
    agent: who as Agent,
    callbacks: new Map(task ? [['c.1', { ...CALL, ...task }]] : []),
    queue: new Map(entry ? [['c', line('c', entry)]] : []),
  };
  const attempt = vi.fn(async () => undefined);
  const desk = { t: (key: string) => `<${key}>`, attempt, edit: () => undefined } as unknown as Desk;
  const { text, handlers } = drawn(callBar(desk, state, newUi('en', 'auto', true), 'c'));
  for (const { act } of handlers) act({});
  return { text, asks: attempt.mock.calls.map((call: unknown[]) => call[1]) };
}

describe('a call that is to be made', () => {
  it('is taken by anybody while nobody has it', () => {
    expect(bar(MIKKEL, { task: {} }).asks).toEqual([{ type: 'callback_take', callback: 'c.1' }]);
  });

  it('is given back by who has it', () => {
    const { text, asks } = bar(MIKKEL, { task: { assignee: MIKKEL } });
    expect(text).toContain('<callRelease>');
    expect(text).not.toContain('<callTake>');
    expect(asks).toEqual([{ type: 'callback_release', callback: 'c.1' }]);
  });

  it('is taken over by who leads, and by nobody else', () => {
    const { text, asks } = bar(LEAD, { task: { assignee: MIKKEL } });
    expect(text).toContain('<callTakeOver>');
    expect(asks).toEqual([{ type: 'callback_take', callback: 'c.1' }]);
    expect(bar(AINO, { task: { assignee: MIKKEL } }).asks).toEqual([]);
  });
});

describe('an answer that was promised', () => {
  const promise = { by: '2026-11-26T08:27:00.000Z', text: 'You’ll hear from us by Thursday.' };

  it('stands above the conversation until its agent says that it is kept', () => {
    const { text, asks } = bar(MIKKEL, { entry: { promise, assignee: MIKKEL } });
    expect(text).toContain('You’ll hear from us by Thursday.');
    expect(asks).toEqual([{ type: 'snooze_end', conversation: 'c' }]);
    expect(bar(LEAD, { entry: { promise, assignee: MIKKEL } }).asks).toHaveLength(1);
  });

  it('is shown to others, who cannot end it', () => {
    const others = [bar(AINO, { entry: { promise, assignee: MIKKEL } }), bar(LEAD, { entry: { promise, status: 'queued', assignee: null } })];
    for (const { text, asks } of others) {
      expect(text).toContain('promise-bar');
      expect(asks).toEqual([]);
    }
  });

  it('takes no room where nothing was', () => {
    expect(bar(MIKKEL, { entry: { promise: null, assignee: MIKKEL } }).text.trim()).toBe('');
  });
});
