import { afterEach, describe, expect, it, vi } from 'vitest';
import { type AgentState, newAgentState } from '../../src/core/agent';
import { dialogs } from '../../src/console/dialogs';
import type { Desk } from '../../src/console/desk';
import { type Dialog, newUi, type Ui } from '../../src/console/ui';
import { drawn } from './drawn';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const says = (key: string, values?: object): string => `<${[key, ...Object.values(values ?? {})].join(' ')}>`;

/** The dialog as it is drawn, and how often it was closed by hand. */
function shown(dialog: Dialog, state = newAgentState(), more: Partial<Ui> = {}): ReturnType<typeof drawn> & { closed: () => number } {
  const edit = vi.fn();
  const desk = { t: says, settle: vi.fn(), edit, macros: [] } as unknown as Desk;
  return { ...drawn(dialogs(desk, state, { ...newUi('en', 'auto', true), dialog, ...more })), closed: () => edit.mock.calls.length };
}

/** What follows `label` in the order in which it stands. */
const all = (text: string, label: RegExp): string[] => [...text.matchAll(label)].map(([, one = '']) => one);

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
  it('shows the promise, keeps it, and sends the visitor nothing', () => {
    const dialog = { name: 'snooze', about: 'c', promise: 'I’ll call you by Friday.', by: Date.parse(UNTIL) } as const;
    const { text, frame } = asked(dialog, { until: UNTIL, promise: 'call back, difficult customer' });
    expect(text).toContain('I’ll call you by Friday.');
    expect(text).not.toContain('name="promise"');
    expect(frame).toEqual({ type: 'snooze', conversation: 'c', until: UNTIL, promised: 'I’ll call you by Friday.' });
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

describe('what a dialog has filled in', () => {
  it.each(['announce', 'snooze'] as const)('stays while it stands open: %s', (name) => {
    vi.useFakeTimers({ now: new Date('2026-11-27T10:00:50') });
    const dialog: Dialog = { name, about: 'c' };
    const before = shown(dialog).text;
    expect(before).toContain(name === 'announce' ? '2026-11-27T18:00' : '2026-11-27T11:00');
    vi.advanceTimersByTime(20_000);
    expect(shown(dialog).text).toBe(before);
    // Opened again it begins anew.
    expect(shown({ ...dialog }).text).not.toBe(before);
  });
});

describe('to whom a conversation can go', () => {
  const colleague = (id: string, name: string, presence: 'online' | 'away' | 'offline', load = 0): AgentState['agents'] =>
    new Map([[id, { id, name, role: 'agent', presence, load, capacity: 4 }]]) as unknown as AgentState['agents'];
  const room = (...all: AgentState['agents'][]): AgentState => ({ ...newAgentState(), agents: new Map(all.flatMap((one) => [...one])) });
  const values = (text: string): string[] => all(text, /name="to" value=(.*?) required/g);

  it('stays in its order while colleagues come and go, and says how they are now', () => {
    const dialog: Dialog = { name: 'transfer', about: 'c' };
    const aino = colleague('a1', 'Aino', 'online');
    const before = shown(dialog, room(aino, colleague('a2', 'Mikkel', 'online'))).text;
    expect(values(before)).toEqual(['agent a1', 'agent a2', 'supervisor ']);
    const gone = room(colleague('a1', 'Aino', 'offline'), colleague('a2', 'Mikkel', 'away', 3), colleague('a0', 'Ada', 'online'));
    const after = shown(dialog, gone).text;
    expect(values(after)).toEqual(values(before));
    expect(after).toMatch(/Aino.*<offline>.*Mikkel.*<away> · 3\/4/s);
    expect(values(shown({ ...dialog }, gone).text)).toEqual(['agent a0', 'agent a2', 'supervisor ']);
    expect(shown(dialog, newAgentState()).text).toMatch(/Aino.*<offline>/s);
  });
});

describe('the times to which a call can be moved', () => {
  const call = (...ids: string[]): AgentState => {
    const windows = ids.map((id) => ({ id, from: `2026-11-27T${id}:00:00Z`, to: `2026-11-27T${id}:30:00Z` }));
    return { ...newAgentState(), callbacks: new Map([['k', { id: 'k', windows }]]) } as unknown as AgentState;
  };
  const values = (text: string): string[] => all(text, /<option value=(.*?)>/g);

  it('stay as they were offered, whatever becomes full meanwhile', () => {
    const dialog: Dialog = { name: 'move', about: 'k' };
    expect(values(shown(dialog, call('09', '10')).text)).toEqual(['09', '10']);
    expect(values(shown(dialog, call('10', '11')).text)).toEqual(['09', '10']);
    expect(values(shown({ ...dialog }, call('10', '11')).text)).toEqual(['10', '11']);
  });
});

describe('a press beside a dialog', () => {
  const outside = { target: 'dialog', currentTarget: 'dialog' };
  const inside = { target: 'textarea', currentTarget: 'dialog' };

  /** Presses at the first place and lets go at the second; a browser then clicks what holds both. */
  function closedBy(down: typeof outside, up: typeof outside): number {
    const { handlers, closed } = shown({ name: 'help', about: 'c' });
    const act = (name: string, event: typeof outside): void => handlers.find((one) => one.name === name)?.act(event);
    act('@pointerdown', down);
    act('@pointerup', up);
    act('@click', down === inside && up === inside ? inside : outside);
    return closed();
  }

  it('closes it', () => expect(closedBy(outside, outside)).toBe(1));

  it('closes nothing where it began or ended in a field: a selection was dragged', () => {
    expect(closedBy(inside, outside)).toBe(0);
    expect(closedBy(outside, inside)).toBe(0);
    expect(closedBy(inside, inside)).toBe(0);
  });
});

describe('what the hub refuses', () => {
  it('is told in the dialog that asked, and in no other', () => {
    const dialog: Dialog = { name: 'announce', about: '' };
    const refused = { dialog, words: 'The end must lie ahead.' };
    expect(shown(dialog, newAgentState(), { refused }).text).toContain('The end must lie ahead.');
    expect(shown({ ...dialog }, newAgentState(), { refused }).text).not.toContain('The end must lie ahead.');
  });
});
