/** Unsent replies, kept at the hub: a closed laptop or another desk loses no half sentence. */
import * as api from './api';
import type { Desk } from './desk';
import { draftKey } from './ui';

/** A draft is written so long after the last key: often enough to lose little, rarely enough to cost little. */
const REST_MS = 1_000;

/** One that the hub did not take is tried again after this long, or as soon as the line is back. */
const AGAIN_MS = 30_000;

export class Drafts {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** What the hub keeps, as far as it has said so. */
  private kept = new Map<string, string>();
  /** What it shall keep, until it has said that it does. */
  private wanted = new Map<string, string>();
  /** One at a time for each conversation: a late text must not overtake the empty one of a reply that was sent. */
  private writing = new Set<string>();

  constructor(private readonly desk: Desk) {}

  /** Writes the text soon; an empty one at once, so that what was sent does not come back. */
  keep(id: string, text: string): void {
    this.wanted.set(id, text);
    this.writeIn(id, text ? REST_MS : 0);
  }

  /** The line is back: writes what could not be written. */
  goOn(): void {
    for (const id of this.wanted.keys()) this.writeIn(id, 0);
  }

  private writeIn(id: string, ms: number): void {
    clearTimeout(this.timers.get(id));
    const write = (): void => {
      this.timers.delete(id);
      void this.write(id);
    };
    this.timers.set(id, setTimeout(write, ms));
  }

  private async write(id: string): Promise<void> {
    const { kept, wanted, writing, timers } = this;
    if (writing.has(id)) return; // who is at it looks again
    writing.add(id);
    while (wanted.has(id) && !timers.has(id)) {
      const text = wanted.get(id) ?? '';
      const done = kept.get(id) === text || (await api.keepDraft(id, text));
      // Another agent may sit here by now.
      if (kept !== this.kept) return;
      if (!done) {
        kept.delete(id); // it may have come there all the same
        if (!timers.has(id) && this.desk.store.state.link === 'open') this.writeIn(id, AGAIN_MS);
        break;
      }
      kept.set(id, text);
      if (wanted.get(id) === text) wanted.delete(id);
    }
    writing.delete(id);
  }

  /** Who wrote here is gone: nothing of theirs is written from here any more, and what the hub keeps is asked for anew. */
  forget(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.kept = new Map();
    this.wanted = new Map();
    this.writing = new Set();
  }

  /** Brings a draft back, unless something has been typed here. */
  async fetch(id: string): Promise<void> {
    const { kept, wanted } = this;
    const known = (): boolean => kept.has(id) || wanted.has(id);
    if (known()) return;
    const text = await api.draft(id);
    // Another agent may sit here by the time the answer is in.
    if (text === null || kept !== this.kept || known()) return;
    kept.set(id, text);
    const key = draftKey(id, 'message');
    if (!text || this.desk.ui.state.drafts.get(key)) return;
    this.desk.edit({ drafts: new Map(this.desk.ui.state.drafts).set(key, text) });
  }
}
