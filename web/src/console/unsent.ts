/**
 * Replies and notes that the hub has not acknowledged, in this tab's sessionStorage: a page that is loaded again, or put
 * away by the browser, sends them with the same id. With whose they are: at a shared desk nobody sends another's.
 */
import type { AgentState, Draft } from '../core/agent';

const NAME = 'silta.console.unsent';

/**
 * The hub answers an id that it knows for a day; after that the same could be said twice. A tab that is restored may be
 * older still, and what was meant for yesterday is the agent's to send.
 */
const FRESH_MS = 12 * 60 * 60_000;

export interface Unsent extends Draft {
  conversation: string;
}

interface Kept {
  agent: string;
  items: Unsent[];
}

export class UnsentShelf {
  private written: string | null = null;
  private of: AgentState['conversations'] | null = null;

  /** Puts what is not acknowledged there, and what was refused; to be called after every change, it writes what differs. */
  keep({ agent, conversations }: AgentState): void {
    if (!agent || conversations === this.of) return;
    this.of = conversations;
    const items = [...conversations].flatMap(([conversation, { pending }]) =>
      pending.filter((item) => item.mark !== 'sent').map((item) => ({ ...item, conversation })),
    );
    const next = items.length ? JSON.stringify({ agent: agent.id, items } satisfies Kept) : null;
    if (next === this.written) return;
    this.written = next;
    try {
      if (next) sessionStorage.setItem(NAME, next);
      else sessionStorage.removeItem(NAME);
    } catch {
      // Without storage they last as long as the page.
    }
  }

  /** Takes off the shelf what this agent had not sent when the page was left; what has grown old counts as not sent. */
  take(agent: string, now: number): Unsent[] {
    let kept: Partial<Kept> | null = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(NAME) ?? 'null') as Partial<Kept> | null;
    } catch {
      // As if nothing was kept.
    }
    this.forget();
    if (kept?.agent !== agent || !Array.isArray(kept.items)) return [];
    return kept.items
      .filter((item) => [item?.id, item?.conversation, item?.text].every((field) => typeof field === 'string'))
      .filter(({ kind }) => kind === 'message' || kind === 'note')
      .map((item) => ({ ...item, mark: item.mark === 'sending' && now - item.at < FRESH_MS ? 'sending' : 'failed' }));
  }

  forget(): void {
    this.written = this.of = null;
    try {
      sessionStorage.removeItem(NAME);
    } catch {
      // What could not be kept need not be forgotten.
    }
  }
}
