/**
 * The frames of the two sockets, as the protocol page names them, and the one place where text from the wire
 * becomes a typed value. Nothing here knows a DOM or a socket.
 */

export const LANGUAGES = ['fi', 'da', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** True when `value` is one of the languages that Silta speaks. */
export function isLanguage(value: unknown): value is Language {
  return typeof value === 'string' && (LANGUAGES as readonly string[]).includes(value);
}

/** Longest text of one message, in characters: the protocol's own limit. */
export const MAX_TEXT = 4000;

export type Status = 'bot' | 'queued' | 'assigned' | 'resolved';
export type Role = 'visitor' | 'bot' | 'agent' | 'system';
export type Presence = 'online' | 'away' | 'offline';
export type Priority = 'normal' | 'high' | 'urgent';

export interface Author {
  role: Role;
  id?: string;
  name?: string;
}

export interface Button {
  title: string;
  id: string;
}

export interface Reason {
  code: string;
  topic?: string | null;
  explanation?: string;
  evidence?: string[];
  of?: number;
}

export interface Emotion {
  label?: string;
  name?: string;
  score?: number;
  evidence?: string[];
}

/** One entry of a conversation's log. Kinds other than `message` carry what their kind needs. */
export interface LogEvent {
  seq: number;
  kind: string;
  at?: string;
  author?: Author;
  text?: string;
  language?: string;
  buttons?: Button[];
  client_id?: string;
  agent?: Author;
  name?: string;
  reasons?: Reason[];
  of?: number;
  topic?: string | null;
  title?: string;
  confidence?: number;
  runners_up?: [string, number][];
  decision?: string;
  entities?: Record<string, unknown>;
  emotion?: Emotion | string | null;
  score?: number;
  comment?: string | null;
  /** Who was rated: the person, else the bot. */
  rated?: 'agent' | 'bot';
  /** Files that came with a message: those of the website, or a channel's own (see the console's marks). */
  attachments?: unknown[];
  /** A reaction to another message, and whether it stands or was taken back. */
  emoji?: string;
  on?: boolean;
  /** What a channel could not do, or did by itself. */
  code?: string;
  /** What an agent wrote when passing the conversation on. */
  note?: string | null;
  /** Agents whom a note calls, by id. */
  mentions?: string[];
  callback?: Callback;
  approval?: Approval;
  file?: FileRef;
}

/** What an agent may not decide alone. */
export interface Approval {
  id: string;
  kind: string;
  text?: string;
  amount?: string | number | null;
  state: 'asked' | 'approved' | 'refused';
  by?: { id?: string; name?: string } | string | null;
  note?: string | null;
}

/** A file that was sent: fetched by its address, never shown from inside a page. */
export interface FileRef {
  id: string;
  name: string;
  type: string;
  size: number;
  url: string;
}

/** Whether people answer now; hubs have told it in three shapes so far. */
export interface OpenHours {
  now?: boolean;
  open?: boolean | undefined;
  opens_at?: string | null | undefined;
  text?: string | null | undefined;
  hours?: string;
}

/** A stretch of time in which a call can be made. */
export interface CallWindow {
  id: string;
  from: string;
  to: string;
}

/** What a visitor may choose instead of waiting on. */
export type Choice =
  | { kind: 'wait' }
  | { kind: 'callback'; windows: CallWindow[] }
  | { kind: 'email'; by?: string }
  | { kind: 'other_language'; languages: string[] };

/** An answer that was promised for later: a call or an e-mail. */
export interface Callback {
  id: string;
  kind: 'phone' | 'email';
  from?: string;
  to?: string;
  by?: string;
  state?: 'booked' | 'moved' | 'done' | 'cancelled';
  outcome?: string | null;
}

export interface Announcement {
  id: string;
  text: string;
  /** In every language, as those get it who lead. */
  texts?: Partial<Record<string, string>>;
  from?: string;
  to?: string;
}

/** Where the readers of a language are told times, and what is written behind one so that nobody mistakes it. */
export interface ToldZone {
  zone: string;
  name?: string;
}

/** What a visitor is told who comes in: told again when the language, the hours or the clock has changed it. */
export interface Greeting {
  language?: string;
  notice?: string;
  open?: boolean | OpenHours;
  /** When people answer next, and the same as a sentence. */
  opens_at?: string | null;
  opening?: string | null;
  /** How soon people usually answer, in words. */
  response?: string | null;
  /** By language. */
  zones?: Partial<Record<string, ToldZone>>;
  announcements?: (string | Announcement)[];
}

export interface VisitorWelcome extends Greeting {
  type: 'welcome';
  token: string;
  conversation: string;
  status: Status;
  last: number;
  /** What else this hub lets a visitor do. */
  may?: May;
  /** The owner's box is to be ticked before the first message. */
  consent?: boolean;
}

/** What a visitor may do besides writing. */
export type May = Readonly<Partial<Record<'erase' | 'upload' | 'email_transcript', boolean>>>;

export interface StatusFrame {
  type: 'status';
  status: Status;
  choices?: Choice[];
  open?: boolean;
  opens_at?: string | null;
  position?: number | null;
  ahead?: number | null;
  eta_s?: [number, number] | null;
  agents?: number | null;
}

export interface AckFrame {
  type: 'ack';
  id: string;
  seq?: number;
  [field: string]: unknown;
}

export interface ErrorFrame {
  type: 'error';
  /** Null when the hub could not tell which frame was at fault. */
  id?: string | null;
  code: string;
  message?: string;
  assignee?: { id?: string; name?: string } | null;
  /** The field of the request that was at fault. */
  field?: string;
  /** With `forbidden`, `agree`: the owner's box is to be ticked first. With `conflict`, why it is too late. */
  reason?: string;
  /** Seconds, with `rate_limited`. */
  retry_after?: number;
}

export interface QueueEntry {
  conversation: string;
  channel: string;
  language: string;
  status: 'queued' | 'assigned';
  waiting_since: string;
  priority: Priority;
  skill?: string;
  reason?: { code: string; topic?: string | null; explanation?: string } | null;
  visitor?: { name?: string | null } | null;
  last_text?: string | null;
  assignee?: { id: string; name: string } | null;
  assigned_at?: string | null;
  /** Its agent's line was lost: it goes before all others of its priority. */
  lost?: boolean;
  offered_to?: string | { id: string; name?: string } | null;
  snoozed_until?: string | null;
  promise?: { by: string; text?: string | null } | null;
}

export interface Agent {
  id: string;
  name: string;
  role: string;
  languages?: string[];
  skills?: string[];
  capacity?: number;
}

/** Another agent, as one needs to know them to pass something on. */
export interface Colleague {
  id: string;
  name: string;
  presence?: Presence;
  languages?: string[];
  skills?: string[];
  load?: number;
  capacity?: number;
}

/** A call or an e-mail that was promised to a visitor. */
export interface Task {
  id: string;
  conversation: string;
  kind: 'phone' | 'email';
  phone?: string | null;
  email?: string | null;
  name?: string | null;
  language?: string;
  skill?: string;
  from?: string;
  to?: string;
  by?: string;
  state: 'booked' | 'moved' | 'done' | 'cancelled';
  assignee?: { id: string; name?: string } | string | null;
  due?: boolean;
  late?: boolean;
  /** Where it could be moved to. */
  windows?: CallWindow[];
}

/** A conversation that the hub keeps for this agent until `expires_at`. */
export interface Offer {
  conversation: string;
  expires_at: string;
  /** How long that is, when it was told: to be counted by any clock. */
  left_s?: number;
  entry?: QueueEntry | null;
  why?: string[];
}

/** Something that runs out or has run out. */
export interface Alert {
  id: string;
  kind: string;
  conversation?: string | null;
  text: string;
  at?: string;
  ended?: boolean;
  /** The same alert with new figures: nobody is called for it again. */
  quiet?: boolean;
}

/** An answer that can be put into the reply as it is. */
export interface Suggestion {
  kind: 'vetted' | 'canned';
  key: string;
  title: string;
  /** In the visitor's language, and the same in the agent's. */
  text: string;
  own?: string;
}

/** A conversation of one's own in the welcome: an entry as in the queue where the hub gives all of it. */
export interface Mine extends Partial<Omit<QueueEntry, 'status'>> {
  conversation: string;
  status: Status;
  last: number;
}

export interface AgentWelcome {
  type: 'welcome';
  /** The hub's time. */
  now?: string;
  agent: Agent;
  presence: Presence;
  queue: QueueEntry[];
  mine: Mine[];
  agents?: Colleague[];
  callbacks?: Task[];
  announcements?: Announcement[];
  may?: { clear?: boolean };
}

export interface TopicTried {
  topic: string | null;
  title?: string;
  confidence?: number;
  runners_up?: [string, number][];
  answered?: boolean;
  of?: number;
}

/** A number that was covered in a message, as whoever may asks for it. */
export interface Covered {
  kind: 'HETU' | 'CPR' | 'CARD' | 'IBAN';
  value: string;
}

/** What an agent gets with a handoff. */
export interface Packet {
  conversation?: string;
  channel?: string;
  language?: string;
  requested_at?: string;
  waiting_since?: string;
  priority?: Priority;
  skill?: string;
  reasons?: Reason[];
  topics?: TopicTried[];
  failed_turns?: number;
  entities?: Record<string, unknown>;
  slots?: Record<string, unknown>;
  visitor?: { name?: string | null; page?: string | null; earlier?: { conversation: string; at?: string; outcome?: string }[] } | null;
  summary?: string;
  masked?: number;
}

/** A frame from the hub whose `type` is known to be a string; the reducers look at the rest. */
export interface Frame {
  type: string;
  [field: string]: unknown;
}

/** A frame of ours, before the connection gives it an id. */
export interface Request {
  type: string;
  [field: string]: unknown;
}

/**
 * Reads one text frame.
 *
 * Returns null for what is no JSON object with a `type`, and for an event without a positive whole `seq` and a
 * `kind`: the caller drops it, since a client cannot tell a hub off.
 */
export function decode(text: unknown): Frame | null {
  if (typeof text !== 'string') return null;
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return null;
  const frame = raw as Frame;
  if (typeof frame.type !== 'string') return null;
  if (frame.type === 'event') {
    const { seq, kind } = frame;
    if (!Number.isSafeInteger(seq) || (seq as number) < 1 || typeof kind !== 'string') return null;
  }
  return frame;
}

/** The log entry inside an `event` frame. */
export function eventOf(frame: Frame): LogEvent {
  const { type: _type, conversation: _conversation, ...event } = frame;
  return event as unknown as LogEvent;
}
