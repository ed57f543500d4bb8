/** What a tab remembers of its conversation, in sessionStorage: gone with the tab, never a cookie. */
import type { FileRef } from '../core/protocol';
import { MEMORY } from './shell';

export interface Unsent {
  id: string;
  text: string;
  at: number;
  button?: string;
  files?: readonly FileRef[];
}

export interface Remembered {
  token: string | null;
  /** Which conversation that is, and how far it was read: what follows is new, on the site's next page, too. */
  conversation: string | null;
  seen: number;
  /** What stands in the composer. */
  text: string;
  open: boolean;
  /** For the loader, which speaks before there is a panel. */
  language?: string;
  sound?: boolean;
  /** Messages that the hub had not acknowledged: they go again, with the same id, after a reload. */
  unsent: Unsent[];
}

const string = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** What was kept, or nothing: storage may be blocked, or hold what another version wrote. */
export function recall(): Remembered {
  let raw: { readonly [Key in keyof Remembered]?: unknown } = {};
  try {
    raw = JSON.parse(sessionStorage.getItem(MEMORY) ?? '') ?? raw;
  } catch {
    // As if nothing was kept.
  }
  return {
    token: string(raw.token),
    conversation: string(raw.conversation),
    seen: Number(raw.seen) || 0,
    text: string(raw.text) ?? '',
    open: raw.open === true,
    sound: raw.sound === true,
    unsent: Array.isArray(raw.unsent) ? raw.unsent.filter((item) => typeof item?.text === 'string') : [],
  };
}

export function remember(what: Remembered): void {
  try {
    sessionStorage.setItem(MEMORY, JSON.stringify(what));
  } catch {
    // Blocked storage costs the visitor only what a reload would have kept.
  }
}
