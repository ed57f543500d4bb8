/** The tabs of one site in step: who opens the chat in a second tab finds the conversation of the first. */
import type { Language } from '../core/protocol';

/** What tabs tell each other. Nothing of it leaves the browser. */
interface Word {
  /** A tab without a conversation asks for one. */
  ask?: true;
  token?: string;
  language?: Language;
  /** Read up to here, in this conversation. */
  seen?: number;
  conversation?: string | null;
  /** The conversation was deleted. */
  gone?: true;
}

/** How long a new tab waits for another's answer: channels between tabs take a few milliseconds. */
const ANSWER_MS = 120;

export class Tabs {
  private readonly channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('silta');
  private waiting: ((word: Word | null) => void) | null = null;

  /** `own` is what this tab has to tell, `hear` is called with what others say of what they did. */
  constructor(
    private readonly own: () => Word | null,
    private readonly hear: (word: Word) => void,
  ) {
    if (!this.channel) return;
    this.channel.onmessage = ({ data }: MessageEvent<Word>) => {
      if (typeof data !== 'object' || data === null) return;
      if (data.ask) {
        const word = this.own();
        if (word) this.tell(word);
      } else if (data.token) this.waiting?.(data);
      else this.hear(data);
    };
  }

  tell(word: Word): void {
    this.channel?.postMessage(word);
  }

  /** Another tab's conversation, or null when none has one. */
  find(): Promise<Word | null> {
    if (!this.channel) return Promise.resolve(null);
    return new Promise((resolve) => {
      const done = (word: Word | null): void => {
        this.waiting = null;
        resolve(word);
      };
      this.waiting = done;
      this.tell({ ask: true });
      setTimeout(() => this.waiting && done(null), ANSWER_MS);
    });
  }
}
