/** What the agent sees besides the conversations themselves: views, drafts, notices, choices. */
import { isLanguage, type Language } from '../core/protocol';
import type { ConsoleKey } from './desk';

/** From this width on the details stand beside the thread, below it they lie over it; console.css says the same. */
export const ROOMY = '(min-width: 1280px)';
/** Entries of a thread that are drawn at first, and more on each wish. */
export const PAGE = 150;

export type View = 'queue' | 'mine' | 'others';
export type Theme = 'auto' | 'light' | 'dark';
export type Mode = 'message' | 'note';

export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'bad';
}

/** What the agent sees besides the conversations themselves. */
export interface Ui {
  phase: 'starting' | 'out' | 'in';
  signing: boolean;
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
  /** Conversations whose early part is shown. */
  unfolded: ReadonlySet<string>;
  shown: number;
  atEnd: boolean;
  /** The seq to which the details pointed last. */
  pointed: number | null;
  now: number;
}

export function newUi(language: Language, theme: Theme, roomy: boolean): Ui {
  return {
    phase: 'starting',
    signing: false,
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
    unfolded: new Set(),
    shown: PAGE,
    atEnd: true,
    pointed: null,
    now: Date.now(),
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
