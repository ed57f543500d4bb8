/** How the console calls for its agent: a sound and a desktop notice, both only where they were chosen. */
import * as agent from '../core/agent';
import type { Frame, QueueEntry } from '../core/protocol';
import { chime, wake } from '../view/chime';
import type { Desk } from './desk';
import { visitorName } from './words';

export class Bell {
  constructor(private readonly desk: Desk) {}

  get allowed(): boolean {
    return typeof Notification !== 'undefined' && Notification.permission === 'granted';
  }

  /** Asks the browser, in answer to the agent's own click. */
  async allow(): Promise<boolean> {
    if (typeof Notification === 'undefined') return false;
    return (await Notification.requestPermission()) === 'granted';
  }

  ring(): void {
    chime();
  }

  /** Where the sound was chosen before: the agent's next click or key lets the page sound, long before it has to. */
  wake(): void {
    wake();
  }

  /** Rings for what concerns this agent: a new wait, an offer, an alert, a visitor of their own. Never for others'. */
  hear(frame: Frame, before: agent.AgentState, after: agent.AgentState): void {
    const { t } = this.desk;
    const id = String(frame['conversation'] ?? '');
    if (frame.type === 'offer') this.call(t('offerTitle'), id);
    else if (frame.type === 'alert' && !frame['ended'] && !frame['quiet']) this.call(String(frame['text'] ?? ''), id);
    else if (frame.type === 'queue' && after.presence === 'online') {
      const entry = after.queue.get(id);
      // What leaves one's own hands was passed on by oneself, or taken by who leads.
      if (entry && waitsAnew(entry, before) && !has(before, id) && !after.offers.has(id)) this.call(t('bellWaiting'), id);
    } else if (frame.type === 'welcome' && after.presence === 'online' && before.agent?.id === after.agent?.id) {
      // Who came while the line was down: once for all of them. An offer rings by itself.
      const entry = agent.waiting(after).find((one) => waitsAnew(one, before) && !offeredTo(one, after.agent?.id));
      if (entry) this.call(t('bellWaiting'), entry.conversation);
    } else if (frame.type === 'event' && frame['kind'] === 'message' && after.mine.includes(id)) {
      const author = frame['author'] as { role?: string } | undefined;
      const news = Number(frame['seq']) > (after.conversations.get(id)?.historyEnd ?? Infinity);
      if (author?.role === 'visitor' && news) this.call(t('bellMessage', { name: visitorName(id, null, t) }), id);
    }
  }

  /** A colleague has passed a conversation on to this agent: nobody else waits for the visitor's next words. */
  tellGiven(id: string): void {
    this.call(this.desk.t('bellGiven'), id);
  }

  private call(words: string, conversation: string): void {
    const { sound, notify, selected, atEnd } = this.desk.ui.state;
    const here = !document.hidden && document.hasFocus();
    // Who reads further up does not see what comes at the end.
    if (here && selected === conversation && atEnd) return;
    if (sound) this.ring();
    if (!notify || here || !this.allowed) return;
    let notice: Notification;
    try {
      // No words of the visitor's: notices lie open on locked screens.
      notice = new Notification(this.desk.t('product'), { body: words, tag: conversation });
    } catch {
      return; // Chrome on Android lets only a service worker make one, and says so by throwing.
    }
    notice.onclick = () => {
      window.focus();
      if (conversation) this.desk.select(conversation);
      notice.close();
    };
  }
}

/** It needs somebody now, and did not a moment ago: new, come back from the bot, or lost by the agent who had it. */
function waitsAnew(entry: QueueEntry, before: agent.AgentState): boolean {
  return entry.status === 'queued' && before.queue.get(entry.conversation)?.status !== 'queued';
}

/** Whether a conversation is this agent's, or was until just now: an answer may have come before the queue's frame. */
function has(state: agent.AgentState, id: string): boolean {
  return state.mine.includes(id) || (state.agent !== null && state.queue.get(id)?.assignee?.id === state.agent.id);
}

function offeredTo({ offered_to: to }: QueueEntry, id: string | undefined): boolean {
  return to != null && id !== undefined && (typeof to === 'string' ? to : to.id) === id;
}
