/** Unsent replies, kept at the hub: a closed laptop or another desk loses no half sentence. */
import * as api from './api';
import type { Desk } from './desk';
import { draftKey } from './ui';

/** A draft is written so long after the last key: often enough to lose little, rarely enough to cost little. */
const REST_MS = 1_000;

export class Drafts {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly kept = new Map<string, string>();

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

  /** Brings a draft back, unless something has been typed here. */
  async fetch(id: string): Promise<void> {
    if (this.kept.has(id)) return;
    const text = await api.draft(id);
    this.kept.set(id, text);
    const key = draftKey(id, 'message');
    if (!text || this.desk.ui.state.drafts.get(key)) return;
    this.desk.edit({ drafts: new Map(this.desk.ui.state.drafts).set(key, text) });
  }
}
