/** What the agent sees besides the conversations themselves: views, drafts, notices, choices. */
import { type Covered, type FileRef, isLanguage, type Language, type Suggestion } from '../core/protocol';
import type { Found } from './api';
import type { ConsoleKey } from './desk';

/** From this width on the details stand beside the thread, below it they lie over it; console.css says the same. */
export const ROOMY = '(min-width: 1280px)';
/** Entries of a thread that are drawn at first, and more on each wish. */
export const PAGE = 150;

export type View = 'queue' | 'mine' | 'others' | 'calls' | 'find' | 'team';
export type Theme = 'auto' | 'light' | 'dark';
export type Mode = 'message' | 'note';

/** What is asked in a dialog, about which conversation (or call). */
export interface Dialog {
  name: 'transfer' | 'snooze' | 'help' | 'approval' | 'outcome' | 'announce' | 'keys' | 'called' | 'move' | 'return' | 'macro' | 'export' | 'erase' | 'hurry' | 'password' | 'second';
  about: string;
  /** A promise that is to be kept, and until when. */
  promise?: string;
  by?: number;
  /** The owner's macro that is about to be done. */
  macro?: string;
}

/** A second factor: whether there is one, then the steps of setting it up. */
export interface Factor {
  on?: boolean;
  secret?: string;
  uri?: string;
  recovery?: readonly string[];
}

/** Replies to choose from, above the composer. */
export interface Popup {
  kind: 'canned' | 'suggest' | 'mention';
  items: readonly Suggestion[];
  active: number;
}

export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'bad';
  /** Something to do about it. */
  offer?: { words: string; act(): void };
}

/** What the agent sees besides the conversations themselves. */
export interface Ui {
  phase: 'starting' | 'out' | 'in';
  signing: boolean;
  /** The first step of signing in went well; the code of the second factor is asked for with this. */
  ticket: string | null;
  /** The company's own way to sign in, where there is one. */
  oidc: { name: string; url: string } | null;
  /** When this sign-in ends unless the agent does something; null while that is far. */
  endsAt: string | null;
  /** What is known of this agent's second factor, and how far its set-up is. */
  factor: Factor;
  fault: ConsoleKey | null;
  language: Language;
  theme: Theme;
  view: View;
  selected: string | null;
  details: boolean;
  settings: boolean;
  drafts: ReadonlyMap<string, string>;
  mode: Mode;
  busy: ReadonlySet<string>;
  toasts: readonly Toast[];
  /** Addresses of pictures that this agent has unveiled. */
  seen: ReadonlySet<string>;
  /** Covered numbers of the open conversation that this agent has asked for, by message. */
  uncovered: ReadonlyMap<number, readonly Covered[]>;
  /** Files that go with the next reply, by conversation. */
  files: ReadonlyMap<string, readonly FileRef[]>;
  /** Those that are still on their way to the hub. */
  uploads: ReadonlyMap<string, readonly File[]>;
  /** Conversations whose early part is shown. */
  unfolded: ReadonlySet<string>;
  shown: number;
  /** The thread's end is in sight: what comes is followed, and read. */
  atEnd: boolean;
  /** Earlier events are being put in front: a screen reader shall not read them all out. */
  recalling: boolean;
  /** The seq to which the details pointed last. */
  pointed: number | null;
  now: number;
  dialog: Dialog | null;
  /** Why the hub did not do what a dialog asked for. */
  refused: { dialog: Dialog; words: string } | null;
  /** The menu of what is rarely done with a conversation. */
  more: boolean;
  popup: Popup | null;
  query: string;
  found: readonly Found[] | null;
  finding: boolean;
  sound: boolean;
  notify: boolean;
  /** Single letters act while no field has the focus (WCAG 2.1.4: they can be switched off). */
  keys: boolean;
}

export function newUi(language: Language, theme: Theme, roomy: boolean): Ui {
  return {
    phase: 'starting',
    signing: false,
    ticket: null,
    oidc: null,
    endsAt: null,
    factor: {},
    fault: null,
    language,
    theme,
    view: 'queue',
    selected: null,
    details: roomy,
    settings: false,
    drafts: new Map(),
    mode: 'message',
    busy: new Set(),
    toasts: [],
    seen: new Set(),
    uncovered: new Map(),
    files: new Map(),
    uploads: new Map(),
    unfolded: new Set(),
    shown: PAGE,
    atEnd: true,
    recalling: false,
    pointed: null,
    now: Date.now(),
    dialog: null,
    refused: null,
    more: false,
    popup: null,
    query: '',
    found: null,
    finding: false,
    sound: false,
    notify: false,
    keys: true,
  };
}

/** Reply and note of a conversation are two drafts: what was meant for colleagues must never slip to the visitor. */
export function draftKey(id: string, mode: Mode): string {
  return `${mode} ${id}`;
}

export function isTheme(value: unknown): value is Theme {
  return value === 'auto' || value === 'light' || value === 'dark';
}

export function isYes(value: unknown): value is 'yes' {
  return value === 'yes';
}

/** The browser's first language that the console speaks. */
export function preferred(): Language {
  for (const tag of navigator.languages) {
    const short = tag.toLowerCase().split('-')[0];
    if (isLanguage(short)) return short;
  }
  return 'en';
}

export function calm(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
