/** What loader and panel share: the seam between the small script that every page loads and the panel behind it. */
import type { Language } from '../core/protocol';
import type { loader, widget } from '../i18n/en';
import type { Kit, More } from './more';

/** All that the widget says, in one language. */
export type Words = { readonly [Key in keyof (typeof loader & typeof widget)]: (typeof loader & typeof widget)[Key] };

/** What the script of the seldom needed parts brings. */
export type MakeMore = (kit: Kit) => More;

export type Theme = 'light' | 'dark' | 'auto';
export type Occasion = 'open' | 'close' | 'unread' | 'status';

/** Made by the loader, used by the panel. */
export interface Shell {
  /** Where the script came from: the hub's own address, whatever site the widget stands on. */
  origin: string;
  language: Language;
  /** The page's own language, in which its suggestions are written. */
  readonly pageLanguage: Language;
  theme: Theme;
  /** The company's own heading for the panel, else the product's text is used. */
  title: string | null;
  /** Questions that the page offers to begin with (`data-suggestions`, parted by `|`), in the page's language. */
  suggestions: readonly string[];
  /** The site's privacy notice, linked before the first message. */
  privacy: string | null;
  root: ShadowRoot;
  host: HTMLElement;
  launcher: HTMLButtonElement;
  badge: HTMLElement;
  emit(occasion: Occasion, detail?: unknown): void;
  /** The texts of a language, loaded when they are first asked for. Rejects when they cannot be had. */
  words(language: Language): Promise<Words>;
  /** What is seldom needed, loaded when it is first asked for. Rejects when it cannot be had. */
  more(): Promise<MakeMore>;
}

/** Made by the panel, used by the loader. */
export interface Panel {
  open(): void;
  close(): void;
  /** As `close`, by the visitor's own hand. */
  dismiss(): void;
  ask(text: string): void;
  setLanguage(language: Language): void;
}

/** The one global name, `window.Silta`: what a page may call. */
export interface SiltaApi {
  open(): void;
  close(): void;
  /** Opens the panel and sends `text` as the visitor's message. */
  ask(text: string): void;
  setLanguage(language: Language): void;
  /** Calls `listener` on each occasion; the returned function ends that. */
  on(occasion: Occasion, listener: (detail: unknown) => void): () => void;
  /** For the panel's script alone. */
  mount(make: (shell: Shell, words: Words) => Panel): void;
  /** For the scripts alone that are loaded on demand: the words of a language, and what is seldom needed. */
  bring(name: Language, what: Words): void;
  bring(name: 'more', what: MakeMore): void;
}

declare global {
  interface Window {
    Silta?: SiltaApi;
  }
}

/** Where the tab remembers its conversation; written only after the visitor opened the chat. */
export const MEMORY = 'silta';
