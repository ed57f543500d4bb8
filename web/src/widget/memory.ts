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
  open: boolean;
  language?: string;
  sound?: boolean;
  /** Messages that the hub had not acknowledged: they go again, with the same id, after a reload. */
  unsent: Unsent[];
}

const NOTHING: Remembered = { token: null, open: false, unsent: [] };

/** What was kept, or nothing: storage may be blocked, or hold what another version wrote. */
export function recall(): Remembered {
  try {
    const raw = JSON.parse(sessionStorage.getItem(MEMORY) ?? 'null') as Partial<Remembered> | null;
    if (!raw || typeof raw !== 'object') return NOTHING;
    return {
      token: typeof raw.token === 'string' ? raw.token : null,
      open: raw.open === true,
      sound: raw.sound === true,
      ...(typeof raw.language === 'string' ? { language: raw.language } : {}),
      unsent: Array.isArray(raw.unsent) ? raw.unsent.filter((item) => typeof item?.text === 'string') : [],
    };
  } catch {
    return NOTHING;
  }
}

export function remember(what: Remembered): void {
  try {
    sessionStorage.setItem(MEMORY, JSON.stringify(what));
  } catch {
    // Blocked storage costs the visitor only what a reload would have kept.
  }
}
