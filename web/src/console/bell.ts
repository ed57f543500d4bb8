/** How the console calls for its agent: a sound and a desktop notice, both only where they were chosen. */
import * as agent from '../core/agent';
import type { Frame } from '../core/protocol';
import { chime } from '../view/chime';
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

  /** Rings for what concerns this agent: a new wait, an offer, an alert, a visitor of their own. Never for others'. */
  hear(frame: Frame, before: agent.AgentState, after: agent.AgentState): void {
    const { t } = this.desk;
    const id = String(frame['conversation'] ?? '');
    if (frame.type === 'offer') this.call(t('offerTitle'), id);
    else if (frame.type === 'alert' && frame['ended'] !== true) this.call(String(frame['text'] ?? ''), id);
    else if (frame.type === 'queue' && after.presence === 'online') {
      const news = !before.queue.has(id) && after.queue.get(id)?.status === 'queued';
      if (news && !after.offers.has(id)) this.call(t('bellWaiting'), id);
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
    const { sound, notify, selected } = this.desk.ui.state;
    const here = !document.hidden && document.hasFocus();
    if (here && selected === conversation) return;
    if (sound) this.ring();
    if (!notify || here || !this.allowed) return;
    // No words of the visitor's: notices lie open on locked screens.
    const notice = new Notification(this.desk.t('product'), { body: words, tag: conversation });
    notice.onclick = () => {
      window.focus();
      if (conversation) this.desk.select(conversation);
      notice.close();
    };
  }
}

