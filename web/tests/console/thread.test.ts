import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AgentState, type Conversation, newAgentState, newConversation } from '../../src/core/agent';
import type { LogEvent } from '../../src/core/protocol';
import type { Desk } from '../../src/console/desk';
import { newUi, type Ui } from '../../src/console/ui';
import { drawn } from './drawn';

beforeEach(() => vi.stubGlobal('navigator', { platform: '' }));
afterEach(() => vi.unstubAllGlobals());

const t = (key: string, values?: object): string => `<${[key, ...Object.values(values ?? {})].join(' ')}>`;
const says = (seq: number, role: 'visitor' | 'bot' = 'visitor'): LogEvent =>
  ({ seq, kind: 'message', at: '2026-11-21T10:00:00.000Z', author: { role }, text: `line ${seq}` }) as LogEvent;

function talk(id: string, events: readonly LogEvent[], more: Partial<Conversation> = {}): Conversation {
  const made = newConversation(id);
  return { ...made, opened: true, status: 'assigned', log: { ...made.log, events, cursor: events.length }, ...more } as Conversation;
}

function desk(more: object = {}): Desk {
  return { t, macros: [], store: { state: newAgentState() }, edit: () => undefined, ...more } as unknown as Desk;
}

function stateOf(...all: Conversation[]): AgentState {
  return { ...newAgentState(), conversations: new Map(all.map((one) => [one.id, one])), mine: all.map((one) => one.id) };
}

async function shown(talks: Conversation[], ui: Partial<Ui>, more: object = {}): Promise<ReturnType<typeof drawn>> {
  const { thread } = await import('../../src/console/thread');
  return drawn(thread(desk(more), stateOf(...talks), { ...newUi('en', 'auto', true), selected: talks[0]?.id ?? null, ...ui }));
}

const live = (text: string): string | undefined => /class="log"[^]*?aria-live=(\w+)/.exec(text)?.[1];

describe('what a screen reader reads out of a thread', () => {
  it('is what comes, not earlier events that are put in front', async () => {
    const talks = [talk('a', [says(1), says(2)])];
    expect(live((await shown(talks, {})).text)).toBe('polite');
    expect(live((await shown(talks, { recalling: true })).text)).toBe('off');
    expect(live((await shown([talk('a', [says(1)], { historyEnd: 2 })], {})).text)).toBe('off');
  });

  it('is not the next conversation: its thread is another element', async () => {
    expect((await shown([talk('a', [says(1)])], {})).keys).toEqual(['a']);
    expect((await shown([talk('b', [says(1)])], {})).keys).toEqual(['b']);
  });
});

describe('the way to the earlier events', () => {
  it('is one act, which shows all of them', async () => {
    const unfold = vi.fn();
    const long = talk('a', Array.from({ length: 200 }, (_, n) => says(n + 1)));
    const { text, handlers } = await shown([long], {}, { unfold });
    expect(text).toContain('<earlierAll 50>');
    expect(text).not.toContain('line 50<');
    handlers.find(({ name, after }) => name === '@click' && after.includes('data-testid="unfold"'))?.act({});
    expect(unfold).toHaveBeenCalledWith('a');
    expect((await shown([long], { shown: Infinity })).text).not.toContain('<earlier');
  });
});

describe('the way to the newest message', () => {
  const jump = (text: string): string => /data-testid="jump"[^]*?<\/button>/.exec(text)?.[0] ?? '';

  it('says how many messages came since the end was in sight, first of all in its name', async () => {
    const talks = [talk('a', [says(1), says(2, 'bot'), says(3), says(4)], { seen: 1 })];
    expect(jump((await shown(talks, { atEnd: false })).text)).toMatch(/aria-label=<newMessages 2>\. <jump>[^]*<span><newMessages 2><\/span>/);
    expect(jump((await shown(talks, { atEnd: true })).text)).toBe('');
  });

  it('has no words where nothing came', async () => {
    const text = jump((await shown([talk('a', [says(1)], { seen: 1 })], { atEnd: false })).text);
    expect(text).toContain('aria-label=<jump>');
    expect(text).not.toContain('<span>');
  });
});

describe('the list', () => {
  async function marks(ui: Partial<Ui>): Promise<string[]> {
    const { list } = await import('../../src/console/list');
    const talks = [talk('a', [says(1), says(2)], { seen: 1 }), talk('b', [says(1)], { seen: 0 })];
    const { text } = drawn(list(desk(), stateOf(...talks), { ...newUi('en', 'auto', true), view: 'mine', selected: 'a', ...ui }));
    return [...text.matchAll(/<unread (\d)>/g)].map(([, n = '']) => n);
  }

  it('marks the open conversation, too, while its newest message is out of sight', async () => {
    expect(await marks({ atEnd: true })).toEqual(['1']);
    expect(await marks({ atEnd: false })).toEqual(['1', '1']);
  });
});
