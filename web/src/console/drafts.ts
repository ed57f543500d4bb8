/** Unsent replies, kept at the hub: a closed laptop or another desk loses no half sentence. */
import * as api from './api';
import type { Desk } from './desk';
import { draftKey } from './ui';

/** A draft is written so long after the last key: often enough to lose little, rarely enough to cost little. */
const REST_MS = 1_000;

export class Drafts {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private kept = new Map<string, string>();

  constructor(private readonly desk: Desk) {}

  /** Writes the text soon; an empty one at once, so that what was sent does not come back. */
  keep(id: string, text: string): void {
    clearTimeout(this.timers.get(id));
    this.timers.set(
      id,
      setTimeout(
        () => {
          if ((this.kept.get(id) ?? '') === text) return;
          this.kept.set(id, text);
          void api.keepDraft(id, text);
        },
        text ? REST_MS : 0,
      ),
    );
  }

  /** Who wrote here is gone: nothing of theirs is written from here any more, and what the hub keeps is asked for anew. */
  forget(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.kept = new Map();
  }

  /** Brings a draft back, unless something has been typed here. */
  async fetch(id: string): Promise<void> {
    const { kept } = this;
    if (kept.has(id)) return;
    const text = await api.draft(id);
    // Another agent may sit here by the time the answer is in.
    if (kept !== this.kept) return;
    kept.set(id, text);
    const key = draftKey(id, 'message');
    if (!text || this.desk.ui.state.drafts.get(key)) return;
    this.desk.edit({ drafts: new Map(this.desk.ui.state.drafts).set(key, text) });
  }
}
