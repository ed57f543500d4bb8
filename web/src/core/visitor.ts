/**
 * What the widget knows, as a pure function of what the hub said and the visitor did.
 *
 * The hub's log is the truth: a message of one's own is `pending` only until its event arrives (matched by
 * `client_id`), so that a retry or a reload never shows it twice.
 */
import type { Link } from './connection';
import { append, EMPTY, type Log, restartFrom } from './log';
import {
  type Announcement,
  type Button,
  type Callback,
  type Choice,
  eventOf,
  type FileRef,
  type Frame,
  type Greeting,
  isLanguage,
  type Language,
  type LogEvent,
  type May,
  type OpenHours,
  type Status,
  type StatusFrame,
  type ToldZone,
  type VisitorWelcome,
} from './protocol';

/** A message of the visitor's that the log does not hold yet. */
export interface Pending {
  id: string;
  text: string;
  /** Set when it is a button that was pressed; `text` is its title. */
  button?: string;
  /** Milliseconds since the epoch. */
  at: number;
  files?: readonly FileRef[];
  /** waiting: too many at once, it goes by itself when the hub will have it. */
  mark: 'sending' | 'waiting' | 'sent' | 'failed';
  /** The protocol's error code when it failed. */
  code?: string;
}

/** What a message carries besides its text. */
export type Carried = Pick<Pending, 'button' | 'files'>;

export interface Place {
  position: number | null;
  ahead: number | null;
  /** Lowest and highest expected wait in seconds; null when it cannot be known. */
  eta: readonly [number, number] | null;
  /** People who answer at the moment; null when the hub does not say. */
  agents: number | null;
  /** What the visitor may choose instead of waiting on. */
  choices: readonly Choice[];
}

export interface VisitorState {
  link: Link;
  retryAt: number | null;
  token: string | null;
  conversation: string | null;
  status: Status;
  language: Language;
  notice: string | null;
  /** People answer now; null while nobody knows. */
  open: boolean | null;
  hours: string | null;
  /** When people answer next, while they do not. */
  opensAt: string | null;
  /** How soon people usually answer, in the hub's words. */
  response: string | null;
  /** In which zone the readers of a language are told when people answer. */
  zones: Partial<Record<string, ToldZone>>;
  announcements: readonly Announcement[];
  /** The answer that was promised for later, as the log last told it. */
  callback: Callback | null;
  may: May;
  /** The owner's box is still to be ticked. */
  consent: boolean;
  /** The agent has read up to here. */
  read: number;
  log: Log;
  /** The log's highest seq at the first welcome: history up to here is not announced as new; what a break held up is. */
  historyEnd: number;
  welcomed: boolean;
  pending: readonly Pending[];
  place: Place | null;
  typing: { bot: boolean; agent: boolean };
  /** The person who answers, while there is one. */
  agent: string | null;
  /** Highest seq that the visitor has had before their eyes. */
  seen: number;
  rating: 'none' | 'sending' | 'done' | 'unavailable';
}

export function newVisitor(language: Language): VisitorState {
  return {
    link: 'idle',
    retryAt: null,
    token: null,
    conversation: null,
    status: 'bot',
    language,
    notice: null,
    open: null,
    hours: null,
    opensAt: null,
    response: null,
    zones: {},
    announcements: [],
    callback: null,
    may: {},
    consent: false,
    read: 0,
    log: EMPTY,
    historyEnd: 0,
    welcomed: false,
    pending: [],
    place: null,
    typing: { bot: false, agent: false },
    agent: null,
    seen: 0,
    rating: 'none',
  };
}

/** The state after a frame from the hub. Frames of unknown type change nothing. */
export function receive(state: VisitorState, frame: Frame): VisitorState {
  switch (frame.type) {
    case 'welcome':
      return welcome(state, frame as unknown as VisitorWelcome);
    case 'greeting': {
      const next = greeted(state, frame as unknown as Greeting);
      // Who waits is told by the status when the people they wait for are there; the greeting is for everybody.
      return state.status === 'queued' ? { ...next, open: state.open, opensAt: state.opensAt } : next;
    }
    case 'event':
      return take(state, eventOf(frame));
    case 'status':
      return place(state, frame as unknown as StatusFrame);
    case 'typing': {
      const role = frame['role'];
      if (role !== 'bot' && role !== 'agent') return state;
      return { ...state, typing: { ...state.typing, [role]: frame['on'] === true } };
    }
    case 'read':
      return { ...state, read: Math.max(state.read, Number(frame['of']) || 0) };
    case 'announcement':
      return announce(state, frame);
    case 'resync': {
      const from = Number(frame['from']);
      if (!Number.isSafeInteger(from) || from < 1) return state;
      // What was there already comes again, and is no news.
      return { ...state, log: restartFrom(from), historyEnd: Math.max(state.historyEnd, state.log.cursor) };
    }
    default:
      return state;
  }
}

function announce(state: VisitorState, frame: Frame): VisitorState {
  const { id, text } = frame;
  const others = state.announcements.filter((item) => item.id !== id);
  if (frame['ended'] === true) return { ...state, announcements: others };
  if (typeof id !== 'string' || typeof text !== 'string') return state;
  return { ...state, announcements: [...others, { id, text }] };
}

/** What stands on the page all the time, as the hub tells it at the welcome and whenever it has become another. */
function greeted(state: VisitorState, frame: Greeting): VisitorState {
  const hours: OpenHours =
    typeof frame.open === 'object'
      ? frame.open
      : { open: frame.open, opens_at: frame.opens_at, text: frame.opening };
  const open = hours.now ?? hours.open ?? null;
  return {
    ...state,
    notice: frame.notice ?? state.notice,
    open,
    hours: hours.hours ?? null,
    opensAt: hours.opens_at ?? null,
    // While nobody is there, the hub says so in a sentence of its own.
    response: (open === false ? hours.text : null) ?? frame.response ?? null,
    zones: frame.zones ?? state.zones,
    announcements: (frame.announcements ?? []).map((item) => (typeof item === 'string' ? { id: item, text: item } : item)),
  };
}

function welcome(state: VisitorState, frame: VisitorWelcome): VisitorState {
  const fresh = state.conversation !== null && state.conversation !== frame.conversation;
  return {
    ...greeted(state, frame),
    token: frame.token,
    conversation: frame.conversation,
    status: frame.status,
    language: isLanguage(frame.language) ? frame.language : state.language,
    may: frame.may ?? {},
    consent: frame.consent === true,
    read: fresh ? 0 : state.read,
    callback: fresh ? null : state.callback,
    log: fresh ? EMPTY : state.log,
    historyEnd: state.welcomed && !fresh ? state.historyEnd : frame.last,
    welcomed: true,
    place: frame.status === 'queued' ? state.place : null,
    typing: { bot: false, agent: false },
    seen: fresh ? 0 : state.seen,
  };
}

function place(state: VisitorState, frame: StatusFrame): VisitorState {
  const queued = frame.status === 'queued';
  return {
    ...state,
    status: frame.status,
    agent: frame.status === 'assigned' ? state.agent : null,
    typing: frame.status === state.status ? state.typing : { bot: false, agent: false },
    rating: frame.status === 'resolved' ? state.rating : 'none',
    open: frame.open ?? state.open,
    opensAt: frame.opens_at === undefined ? state.opensAt : frame.opens_at,
    place: queued
      ? {
          position: frame.position ?? null,
          ahead: frame.ahead ?? null,
          eta: frame.eta_s ?? null,
          agents: frame.agents ?? null,
          choices: frame.choices ?? [],
        }
      : null,
  };
}

/** The name of the person whom an event of kind `assigned` or `transferred` brings in, if it says so. */
export function personOf(event: LogEvent): string | null {
  const author = event.author?.role === 'agent' ? event.author.name : undefined;
  return event.agent?.name ?? author ?? event.name ?? null;
}

function take(state: VisitorState, event: LogEvent): VisitorState {
  const log = append(state.log, event);
  if (log === state.log) return state;
  const next: VisitorState = { ...state, log };
  if (event.client_id !== undefined) {
    next.pending = state.pending.filter((item) => item.id !== event.client_id);
  }
  const role = event.author?.role;
  if (event.kind === 'message' && (role === 'bot' || role === 'agent')) {
    next.typing = { ...state.typing, [role]: false };
    if (role === 'agent' && event.author?.name) next.agent = event.author.name;
  }
  if (event.kind === 'assigned') next.agent = personOf(event) ?? state.agent;
  if (event.kind === 'returned_to_bot' || event.kind === 'resolved') next.agent = null;
  if (event.kind === 'rating') next.rating = 'done';
  if (event.kind === 'reopened') next.rating = 'none';
  if (event.callback) next.callback = event.callback;
  return next;
}

/** A message leaves: shown at once, marked as on its way. */
export function send(state: VisitorState, id: string, text: string, at: number, more: Carried = {}): VisitorState {
  const item: Pending = { id, text, at, mark: 'sending', ...more };
  return { ...state, pending: [...state.pending.filter((other) => other.id !== id), item] };
}

/** The hub has it; its event may be here already. */
export function sent(state: VisitorState, id: string): VisitorState {
  return mark(state, id, 'sent');
}

/** The hub has had too many at once; the message goes again by itself. */
export function held(state: VisitorState, id: string): VisitorState {
  return mark(state, id, 'waiting');
}

export function failed(state: VisitorState, id: string, code: string): VisitorState {
  return mark(state, id, 'failed', code);
}

export function discard(state: VisitorState, id: string): VisitorState {
  return { ...state, pending: state.pending.filter((item) => item.id !== id) };
}

/** The owner's box is to be ticked before anything is said: nothing is on its way any more. */
export function withhold(state: VisitorState): VisitorState {
  return { ...state, consent: true, pending: [] };
}

function mark(state: VisitorState, id: string, to: Pending['mark'], code?: string): VisitorState {
  if (!state.pending.some((item) => item.id === id)) return state;
  const pending = state.pending.map((item) =>
    item.id === id ? { ...item, mark: to, ...(code === undefined ? {} : { code }) } : item,
  );
  return { ...state, pending };
}

/** The agent has read up to here: as they said, or as who answers has. */
export function readTo(state: VisitorState): number {
  const answer = state.log.events.findLast((event) => event.kind === 'message' && event.author?.role === 'agent');
  return Math.max(state.read, answer?.seq ?? 0);
}

/** Who took part and may be rated: the last person by name (empty where unnamed), and whether the bot answered. */
export function helpers(state: VisitorState): { agent: string | null; bot: boolean } {
  const from = state.log.events.findLastIndex((event) => event.kind === 'reopened') + 1;
  const said = state.log.events.slice(from).filter((event) => event.kind === 'message');
  const agent = said.findLast((event) => event.author?.role === 'agent');
  const first = said.findIndex((event) => event.author?.role === 'visitor');
  // A greeting alone is no help: the bot is rated for what it said to a question.
  const bot = first >= 0 && said.slice(first).some((event) => event.author?.role === 'bot');
  return { agent: agent ? (agent.author?.name ?? '') : null, bot };
}

/** The call or e-mail that is still to come. */
export function awaited(state: VisitorState): Callback | null {
  const { callback } = state;
  return callback && callback.state !== 'done' && callback.state !== 'cancelled' ? callback : null;
}

/** What may be chosen of this kind instead of waiting on. */
export function choice<Kind extends Choice['kind']>(state: VisitorState, kind: Kind): Extract<Choice, { kind: Kind }> | undefined {
  return state.place?.choices.find((one): one is Extract<Choice, { kind: Kind }> => one.kind === kind);
}

/** The visitor has had the log before their eyes, up to `seq` if not to its end. */
export function see(state: VisitorState, seq = state.log.cursor): VisitorState {
  return state.seen >= seq ? state : { ...state, seen: seq };
}

/** Messages from the other side that came since the visitor last looked. */
export function unread(state: VisitorState): number {
  return state.log.events.filter(
    (event) => event.seq > state.seen && event.kind === 'message' && event.author?.role !== 'visitor',
  ).length;
}

/**
 * The quick replies that still wait for an answer, with the seq of their message.
 *
 * They are gone once the visitor wrote or pressed anything after them, and while a person answers. That follows
 * from the log alone, so a reload shows the same.
 */
export function quickReplies(state: VisitorState): { seq: number; buttons: readonly Button[] } | null {
  if (state.pending.length > 0 || state.status === 'assigned') return null;
  const { events } = state.log;
  for (let index = events.length - 1; index >= 0; index--) {
    const event = events[index] as LogEvent;
    if (event.author?.role === 'visitor' && event.kind === 'message') return null;
    // The bot is silent in the queue: what it offered before would lead nowhere.
    if (state.status === 'queued' && event.author?.role === 'bot') return null;
    if (event.kind === 'message' && event.buttons?.length) return { seq: event.seq, buttons: event.buttons };
  }
  return null;
}

/** Kinds after which a visitor's message may still be waiting for the bot: they say nothing about who answers. */
const BESIDE: ReadonlySet<string> = new Set(['language', 'rating', 'reopened']);

/**
 * True while the bot owes an answer: the bot is the responder and the last word is the visitor's.
 *
 * What the visitor wrote before the conversation came back to the bot is not answered again.
 */
export function awaitsBot(state: VisitorState): boolean {
  if (state.status !== 'bot' || state.link !== 'open') return false;
  if (state.pending.some((item) => item.mark === 'sending' || item.mark === 'sent')) return true;
  const last = state.log.events.findLast((event) => !BESIDE.has(event.kind));
  return last?.kind === 'message' && last.author?.role === 'visitor';
}

/** History has been read whole, so that what comes from now on is news. */
export function caughtUp(state: VisitorState): boolean {
  return state.welcomed && state.log.cursor >= state.historyEnd;
}
