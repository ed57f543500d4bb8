/** What the console knows, as a pure function of what the hub said and the agent did. */
import type { Link } from './connection';
import { append, EMPTY, type Log, restartFrom } from './log';
import {
  type Agent,
  type AgentWelcome,
  type Alert,
  type Announcement,
  type Colleague,
  eventOf,
  type FileRef,
  type Frame,
  type LogEvent,
  type Offer,
  type Packet,
  type Presence,
  type QueueEntry,
  type Status,
  type Task,
} from './protocol';

/** A message or note of the agent's that the log does not hold yet. */
export interface Draft {
  id: string;
  kind: 'message' | 'note';
  text: string;
  files?: readonly FileRef[];
  at: number;
  mark: 'sending' | 'sent' | 'failed';
  code?: string;
}

export interface Conversation {
  id: string;
  log: Log;
  /** The whole history is here, or on its way after an `open` that was acknowledged. */
  opened: boolean;
  /** Events up to here were there when it was opened: history, not news. */
  historyEnd: number;
  status: Status;
  language: string;
  assignee: { id: string; name: string } | null;
  packet: Packet | null;
  visitorTyping: boolean;
  /** Other agents who have it before their eyes, and which of them are writing; name by id. */
  viewers: ReadonlyMap<string, string>;
  writers: ReadonlyMap<string, string>;
  /** This supervisor has stepped in and may write. */
  joined: boolean;
  pending: readonly Draft[];
  /** Highest seq that this agent has had before their eyes. */
  seen: number;
  /** A colleague passed it on to this agent, who has not looked at it since. */
  given: boolean;
}

export interface AgentState {
  link: Link;
  retryAt: number | null;
  agent: Agent | null;
  presence: Presence;
  queue: ReadonlyMap<string, QueueEntry>;
  conversations: ReadonlyMap<string, Conversation>;
  /** Conversations that are this agent's, oldest first. */
  mine: readonly string[];
  agents: ReadonlyMap<string, Colleague>;
  callbacks: ReadonlyMap<string, Task>;
  announcements: readonly Announcement[];
  offers: ReadonlyMap<string, Offer>;
  alerts: readonly Alert[];
  /** What the owner's settings allow an agent. */
  may: { clear?: boolean };
}

const NOBODY: ReadonlyMap<string, string> = new Map();

export function newAgentState(): AgentState {
  return {
    link: 'idle',
    retryAt: null,
    agent: null,
    presence: 'offline',
    queue: new Map(),
    conversations: new Map(),
    mine: [],
    agents: new Map(),
    callbacks: new Map(),
    announcements: [],
    offers: new Map(),
    alerts: [],
    may: {},
  };
}

export function newConversation(id: string): Conversation {
  return {
    id,
    log: EMPTY,
    opened: false,
    historyEnd: 0,
    status: 'bot',
    language: 'en',
    assignee: null,
    packet: null,
    visitorTyping: false,
    viewers: NOBODY,
    writers: NOBODY,
    joined: false,
    pending: [],
    seen: 0,
    given: false,
  };
}

function change(state: AgentState, id: string, edit: (conversation: Conversation) => Conversation): AgentState {
  const before = state.conversations.get(id) ?? newConversation(id);
  const after = edit(before);
  if (after === before && state.conversations.has(id)) return state;
  return { ...state, conversations: new Map(state.conversations).set(id, after) };
}

/** The state after a frame from the hub. Frames of unknown type change nothing. */
export function receive(state: AgentState, frame: Frame): AgentState {
  switch (frame.type) {
    case 'welcome':
      return welcome(state, frame as unknown as AgentWelcome);
    case 'queue':
      return requeue(state, String(frame['conversation']), (frame['entry'] ?? null) as QueueEntry | null);
    case 'event':
      return take(state, String(frame['conversation']), eventOf(frame));
    case 'typing':
      return typing(state, frame);
    case 'viewing':
      return beside(state, frame, 'viewers');
    case 'presence':
      return presence(state, frame);
    case 'offer': {
      const offer = frame as unknown as Offer;
      if (typeof offer.conversation !== 'string') return state;
      return { ...state, offers: new Map(state.offers).set(offer.conversation, offer) };
    }
    case 'offer.gone':
      return withoutOffer(state, String(frame['conversation']));
    case 'callback': {
      const task = frame['task'] as Task | undefined;
      return task ? { ...state, callbacks: new Map(state.callbacks).set(task.id, task) } : state;
    }
    case 'announcement': {
      const { type: _type, ...one } = frame as unknown as Announcement & { type: string; ended?: boolean };
      const others = state.announcements.filter((other) => other.id !== one.id);
      return { ...state, announcements: one.ended ? others : [...others, one] };
    }
    case 'alert': {
      const alert = frame as unknown as Alert;
      // New figures go where it is shown; what the agent has read stays read.
      if (alert.quiet) return { ...state, alerts: state.alerts.map((one) => (one.id === alert.id ? alert : one)) };
      const others = state.alerts.filter((one) => one.id !== alert.id);
      return { ...state, alerts: alert.ended ? others : [...others, alert].slice(-ALERTS) };
    }
    case 'erased':
      return erased(state, String(frame['conversation']));
    case 'resync': {
      const id = frame['conversation'];
      const from = Number(frame['from']);
      if (typeof id !== 'string' || !Number.isSafeInteger(from) || from < 1) return state;
      return change(state, id, (c) => ({ ...c, log: restartFrom(from) }));
    }
    default:
      return state;
  }
}

/** Alerts in sight; who leads a shift in trouble needs the newest, not all. */
const ALERTS = 5;

function typing(state: AgentState, frame: Frame): AgentState {
  const id = frame['conversation'];
  if (typeof id !== 'string') return state;
  if (frame['role'] === 'agent') return beside(state, frame, 'writers');
  if (frame['role'] !== undefined && frame['role'] !== 'visitor') return state;
  const on = frame['on'] === true;
  // That somebody stopped is no news of a conversation that is not here.
  if (!on && !state.conversations.has(id)) return state;
  return change(state, id, (c) => ({ ...c, visitorTyping: on }));
}

/** Another agent came to a conversation or left it, or began or stopped to write in it. */
function beside(state: AgentState, frame: Frame, where: 'viewers' | 'writers'): AgentState {
  const { conversation, id, name } = frame;
  if (typeof conversation !== 'string' || typeof id !== 'string' || id === state.agent?.id) return state;
  if (!state.conversations.has(conversation)) return state;
  return change(state, conversation, (c) => {
    const who = new Map(c[where]);
    if (frame['on'] === true) who.set(id, String(name ?? ''));
    else who.delete(id);
    return { ...c, [where]: who };
  });
}

function presence(state: AgentState, frame: Frame): AgentState {
  const whose = frame['agent'] as { id?: string; name?: string } | string | undefined;
  const id = typeof whose === 'string' ? whose : whose?.id;
  const value = frame['value'];
  if (!isPresence(value)) return state;
  if (id === undefined || id === state.agent?.id) return { ...state, presence: value };
  const known = state.agents.get(id);
  const name = typeof frame['name'] === 'string' ? frame['name'] : known?.name;
  if (!name) return state;
  return { ...state, agents: new Map(state.agents).set(id, { ...known, id, name, presence: value }) };
}

/** The offer was taken, refused or has lapsed. */
export function withoutOffer(state: AgentState, id: string): AgentState {
  if (!state.offers.has(id)) return state;
  const offers = new Map(state.offers);
  offers.delete(id);
  return { ...state, offers };
}

function isPresence(value: unknown): value is Presence {
  return value === 'online' || value === 'away' || value === 'offline';
}

function welcome(state: AgentState, frame: AgentWelcome): AgentState {
  let next: AgentState = {
    ...state,
    agent: frame.agent,
    presence: frame.presence,
    queue: new Map(frame.queue.map((entry) => [entry.conversation, entry])),
    mine: frame.mine.map((item) => item.conversation),
    agents: new Map((frame.agents ?? []).map((one) => [one.id, one])),
    callbacks: new Map((frame.callbacks ?? []).map((task) => [task.id, task])),
    announcements: frame.announcements ?? [],
    offers: new Map(),
    may: frame.may ?? {},
  };
  for (const item of frame.mine) {
    if (item.waiting_since) next = { ...next, queue: new Map(next.queue).set(item.conversation, item as QueueEntry) };
  }
  const mine = new Map(frame.mine.map((item) => [item.conversation, item]));
  for (const item of frame.mine) {
    next = change(next, item.conversation, (c) => ({ ...c, status: item.status, visitorTyping: false }));
  }
  for (const [id, conversation] of next.conversations) {
    if (conversation.given && !mine.has(id)) next = change(next, id, (c) => ({ ...c, given: false }));
    const entry = next.queue.get(id);
    if (entry) next = change(next, id, (c) => follow(c, entry));
    // What was ours before the line broke, and is no longer: the log's next events tell the rest.
    else if (!mine.has(id) && conversation.assignee?.id === frame.agent.id) {
      next = change(next, id, (c) => ({ ...c, assignee: null }));
    }
  }
  return next;
}

function follow(conversation: Conversation, entry: QueueEntry): Conversation {
  return {
    ...conversation,
    status: entry.status,
    language: entry.language,
    assignee: entry.status === 'assigned' ? (entry.assignee ?? conversation.assignee) : null,
  };
}

function requeue(state: AgentState, id: string, entry: QueueEntry | null): AgentState {
  const queue = new Map(state.queue);
  if (entry) queue.set(id, entry);
  else queue.delete(id);
  let next: AgentState = { ...state, queue };
  if (entry && state.conversations.has(id)) next = change(next, id, (c) => follow(c, entry));
  const own = entry?.status === 'assigned' && entry.assignee?.id === state.agent?.id;
  if (own) return withMine(next, id);
  if (entry) return withoutMine(next, id);
  return next;
}

function withMine(state: AgentState, id: string): AgentState {
  return state.mine.includes(id) ? state : { ...state, mine: [...state.mine, id] };
}

function withoutMine(state: AgentState, id: string): AgentState {
  if (!state.mine.includes(id)) return state;
  const next = { ...state, mine: state.mine.filter((other) => other !== id) };
  return state.conversations.get(id)?.given ? change(next, id, (c) => ({ ...c, given: false })) : next;
}

/** What became this agent's between two states: none on the first welcome, which tells what was theirs all along. */
export function gained(before: AgentState, after: AgentState): readonly string[] {
  if (before.mine === after.mine || before.agent?.id !== after.agent?.id) return [];
  return after.mine.filter((id) => !before.mine.includes(id));
}

/** A colleague passed it on to this agent. */
export function given(state: AgentState, id: string): AgentState {
  return change(state, id, (c) => ({ ...c, given: true }));
}

const STATUS_AFTER: Readonly<Record<string, Status>> = {
  handoff: 'queued',
  assigned: 'assigned',
  agent_lost: 'queued',
  returned_to_bot: 'bot',
  resolved: 'resolved',
  reopened: 'bot',
};

/** After these nobody holds the conversation; a transfer that names somebody is followed by `assigned`. */
const LEAVING: ReadonlySet<string> = new Set(['returned_to_bot', 'resolved', 'agent_lost', 'transferred']);

function take(state: AgentState, id: string, event: LogEvent): AgentState {
  let joined = false;
  let left = false;
  const next = change(state, id, (conversation) => {
    const log = append(conversation.log, event);
    if (log === conversation.log) return conversation;
    const after: Conversation = { ...conversation, log };
    if (event.client_id !== undefined) {
      after.pending = conversation.pending.filter((item) => item.id !== event.client_id);
    }
    if (event.kind === 'message' && event.author?.role === 'visitor') after.visitorTyping = false;
    // History is told in order too, but the hub's answer to `open` already said how it ended.
    if (event.seq > conversation.historyEnd) {
      const status = STATUS_AFTER[event.kind];
      if (status && !(event.kind === 'handoff' && conversation.status === 'assigned')) after.status = status;
      if (event.kind === 'assigned') {
        const author = event.author?.role === 'agent' ? event.author : undefined;
        const who = event.agent ?? author;
        after.assignee = who ? { id: who.id ?? '', name: who.name ?? '' } : conversation.assignee;
        joined = after.assignee?.id === state.agent?.id;
      }
      if (LEAVING.has(event.kind)) {
        after.assignee = null;
        left = true;
      }
      if (event.kind === 'language' && event.language) after.language = event.language;
    }
    return after;
  });
  if (joined) return withMine(next, id);
  return left ? withoutMine(next, id) : next;
}

/** The hub acknowledged `open`: what follows are events. */
export function opened(
  state: AgentState,
  id: string,
  ack: { handoff?: Packet | null; status?: Status; language?: string; last?: number; assignee?: unknown },
): AgentState {
  return change(state, id, (c) => ({
    ...c,
    opened: true,
    packet: ack.handoff ?? c.packet,
    status: ack.status ?? c.status,
    language: ack.language ?? c.language,
    // What came since the first time is news, however often the line broke meanwhile.
    historyEnd: c.opened ? c.historyEnd : Math.max(c.historyEnd, ack.last ?? 0),
    assignee: ack.assignee === undefined ? c.assignee : (ack.assignee as Conversation['assignee']),
  }));
}

/** This agent's claim was acknowledged. */
export function claimed(state: AgentState, id: string): AgentState {
  const { agent } = state;
  if (!agent) return state;
  const assignee = { id: agent.id, name: agent.name };
  let next = withMine(
    change(withoutOffer(state, id), id, (c) => ({ ...c, status: 'assigned', assignee })),
    id,
  );
  const entry = state.queue.get(id);
  if (entry) next = { ...next, queue: new Map(next.queue).set(id, { ...entry, status: 'assigned', assignee }) };
  return next;
}

/** The conversation went back to the bot or was resolved by this agent. */
export function released(state: AgentState, id: string, status: Status): AgentState {
  const queue = new Map(state.queue);
  queue.delete(id);
  return withoutMine(
    change({ ...state, queue }, id, (c) => ({ ...c, status, assignee: null })),
    id,
  );
}

/** The conversation was passed on or closed by this agent; where it stands now the hub tells. */
export function left(state: AgentState, id: string): AgentState {
  const { agent } = state;
  return withoutMine(
    change(state, id, (c) => (c.assignee?.id === agent?.id ? { ...c, assignee: null, joined: false } : { ...c, joined: false })),
    id,
  );
}

/** The visitor's last message counts as unread again. */
export function unsee(state: AgentState, id: string): AgentState {
  return change(state, id, (c) => {
    const last = c.log.events.findLast((event) => event.kind === 'message' && event.author?.role === 'visitor');
    return last ? { ...c, seen: last.seq - 1, historyEnd: Math.min(c.historyEnd, last.seq - 1) } : c;
  });
}

/** A conversation was erased: nothing of it stays here. */
export function erased(state: AgentState, id: string): AgentState {
  const without = <Value>(all: ReadonlyMap<string, Value>, gone: (key: string, value: Value) => boolean): Map<string, Value> =>
    new Map([...all].filter(([key, value]) => !gone(key, value)));
  const its = (key: string): boolean => key === id;
  return {
    ...withoutMine(state, id),
    queue: without(state.queue, its),
    conversations: without(state.conversations, its),
    offers: without(state.offers, its),
    callbacks: without(state.callbacks, (_, task) => task.conversation === id),
    alerts: state.alerts.filter((alert) => alert.conversation !== id),
  };
}

export function send(state: AgentState, id: string, draft: Draft): AgentState {
  return change(state, id, (c) => ({ ...c, pending: [...c.pending.filter((d) => d.id !== draft.id), draft] }));
}

export function marked(state: AgentState, id: string, draft: string, mark: Draft['mark'], code?: string): AgentState {
  return change(state, id, (c) =>
    c.pending.some((d) => d.id === draft)
      ? {
          ...c,
          pending: c.pending.map((d) => (d.id === draft ? { ...d, mark, ...(code === undefined ? {} : { code }) } : d)),
        }
      : c,
  );
}

export function discard(state: AgentState, id: string, draft: string): AgentState {
  return change(state, id, (c) => ({ ...c, pending: c.pending.filter((d) => d.id !== draft) }));
}

/** Calls and e-mails that are still to come, the soonest first. */
export function tasks(state: AgentState): Task[] {
  return [...state.callbacks.values()]
    .filter((task) => task.state !== 'done' && task.state !== 'cancelled')
    .sort((a, b) => order(a.from ?? a.by ?? '', b.from ?? b.by ?? ''));
}

/** True for who leads a shift: more is shown and allowed. */
export function leads(state: AgentState): boolean {
  return state.agent?.role === 'supervisor' || state.agent?.role === 'owner';
}

export function joined(state: AgentState, id: string, on: boolean): AgentState {
  return change(state, id, (c) => ({ ...c, joined: on }));
}

/** The agent has this conversation before their eyes. */
export function see(state: AgentState, id: string): AgentState {
  const conversation = state.conversations.get(id);
  if (!conversation || (conversation.seen === conversation.log.cursor && !conversation.given)) return state;
  return change(state, id, (c) => ({ ...c, seen: c.log.cursor, given: false }));
}

/** Messages of the visitor's that came since the agent last looked; one at least where it was passed on unseen. */
export function unread(conversation: Conversation): number {
  const from = Math.max(conversation.seen, conversation.historyEnd);
  const news = conversation.log.events.filter(
    (event) => event.seq > from && event.kind === 'message' && event.author?.role === 'visitor',
  ).length;
  return Math.max(news, Number(conversation.given));
}

const WEIGHT: Readonly<Record<string, number>> = { urgent: 0, high: 1, normal: 2 };

/** Sorted lines of a queue that has not changed since: every frame drawn asks several times. */
const sorted = new WeakMap<AgentState['queue'], QueueEntry[]>();

/** Who waits, in the order in which the hub serves them: by priority, then by how long. */
export function waiting(state: AgentState): readonly QueueEntry[] {
  let all = sorted.get(state.queue);
  if (!all) {
    all = [...state.queue.values()].filter((entry) => entry.status === 'queued').sort(byTurn);
    sorted.set(state.queue, all);
  }
  return all;
}

/** Unread messages in all conversations of this agent. */
export function unreadOfMine(state: AgentState): number {
  return state.mine.reduce((sum, id) => {
    const conversation = state.conversations.get(id);
    return sum + (conversation ? unread(conversation) : 0);
  }, 0);
}

/** Conversations that other agents hold. */
export function elsewhere(state: AgentState): QueueEntry[] {
  return [...state.queue.values()]
    .filter((entry) => entry.status === 'assigned' && entry.assignee?.id !== state.agent?.id)
    .sort(byTurn);
}

/** How many conversations somebody has now, for who sees them all. */
export function load(state: AgentState, id: string): number {
  if (id === state.agent?.id) return state.mine.length;
  return [...state.queue.values()].filter((entry) => entry.status === 'assigned' && entry.assignee?.id === id).length;
}

function byTurn(a: QueueEntry, b: QueueEntry): number {
  const weight = (WEIGHT[a.priority] ?? 2) - (WEIGHT[b.priority] ?? 2) || Number(b.lost ?? false) - Number(a.lost ?? false);
  return weight || order(a.waiting_since, b.waiting_since);
}

/** Times in one zone sort by their letters; `localeCompare` would cost a busy console its breath. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** How many conversations that are neither one's own nor in front stay in memory: the hello must stay small. */
const KEPT = 30;

/** The state without what was read long ago and is nobody's concern now; it is fetched again when it is opened. */
export function trim(state: AgentState, selected: string | null): AgentState {
  const spare = [...state.conversations.keys()].filter((id) => id !== selected && !state.mine.includes(id));
  if (spare.length <= KEPT) return state;
  const conversations = new Map(state.conversations);
  for (const id of spare.slice(0, spare.length - KEPT)) {
    // What could not be sent yet must not be lost with it.
    if (!conversations.get(id)?.pending.length) conversations.delete(id);
  }
  return { ...state, conversations };
}

/** The cursors for `hello`: how far each opened conversation has been read. */
export function cursors(state: AgentState): Record<string, number> {
  const all: Record<string, number> = {};
  for (const [id, conversation] of state.conversations) if (conversation.opened) all[id] = conversation.log.cursor;
  return all;
}
