import { afterEach, describe, expect, it, vi } from 'vitest';
import { newAgentState } from '../../src/core/agent';
import { dialogs } from '../../src/console/dialogs';
import type { Desk } from '../../src/console/desk';
import { type Dialog, newUi } from '../../src/console/ui';
import { drawn } from './drawn';

afterEach(() => vi.unstubAllGlobals());

/** The dialog as it is drawn, and what it asks the hub for when it is sent with `values`. */
function asked(dialog: Dialog, values: Record<string, string>): { text: string; frame: unknown } {
  vi.stubGlobal('FormData', class extends Map<string, string> {
    constructor(form: Record<string, string>) {
      super(Object.entries(form));
    }
  });
  const settle = vi.fn();
  const desk = { t: (key: string) => `<${key}>`, settle, edit: () => undefined } as unknown as Desk;
  const { text, handlers } = drawn(dialogs(desk, newAgentState(), { ...newUi('en', 'auto', true), dialog }));
  handlers.find(({ name }) => name === '@submit')?.act({ preventDefault: () => undefined, target: values });
  return { text, frame: settle.mock.calls[0]?.[0] };
}

const UNTIL = '2026-11-27T14:00:00.000Z';

describe('a reminder of what was promised', () => {
  it('shows the promise, and sends the visitor nothing', () => {
    const dialog = { name: 'snooze', about: 'c', promise: 'I’ll call you by Friday.', by: Date.parse(UNTIL) } as const;
    const { text, frame } = asked(dialog, { until: UNTIL, promise: 'call back, difficult customer' });
    expect(text).toContain('I’ll call you by Friday.');
    expect(text).not.toContain('name="promise"');
    expect(frame).toEqual({ type: 'snooze', conversation: 'c', until: UNTIL });
  });
});

describe('a conversation that is put off', () => {
  it('says of its text that the visitor reads it, and sends it', () => {
    const { text, frame } = asked({ name: 'snooze', about: 'c' }, { until: UNTIL, promise: 'Palaan asiaan.' });
    expect(text).toContain('<promiseText>');
    expect(frame).toEqual({ type: 'snooze', conversation: 'c', until: UNTIL, promise: 'Palaan asiaan.' });
  });

  it('tells the visitor nothing where nothing is written', () => {
    expect(asked({ name: 'snooze', about: 'c' }, { until: UNTIL }).frame).toEqual({
      type: 'snooze',
      conversation: 'c',
      until: UNTIL,
    });
  });
});
