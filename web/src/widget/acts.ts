/** What the seldom needed forms do, at the hub and here. */
import type { Callback, Request } from '../core/protocol';
import { download } from '../view/download';
import type { Widget } from './widget';

const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

/** What is wrong is said beside the field, and the cursor stands in it. */
function wrong(widget: Widget, formFault: 'phoneWrong' | 'emailWrong'): true {
  widget.edit({ formFault });
  widget.find<HTMLElement>('#silta-to')?.focus();
  return true;
}

/** Asks to be called or written to instead of waiting. */
export function book(widget: Widget, kind: 'phone' | 'email', to: string, name: string, window: string | null): void {
  const where = to.trim();
  const fault = kind === 'phone' ? 'phoneWrong' : 'emailWrong';
  const fine = kind === 'phone' ? (where.match(/\d/g) ?? []).length >= 5 : EMAIL.test(where);
  if (!fine) {
    wrong(widget, fault);
    return;
  }
  const frame: Request = { type: 'callback', [kind]: where };
  if (name.trim()) frame['name'] = name.trim();
  if (window) frame['window'] = window;
  widget.attempt(
    'book',
    frame,
    (ack) => {
      const callback = ack['callback'] as Callback | undefined;
      if (callback) widget.store.update((state) => ({ ...state, callback }));
      widget.edit({ form: null, formFault: null });
      widget.find<HTMLElement>('[data-testid=composer]')?.focus();
    },
    ({ frame: { field } }) => (field === 'phone' || field === 'email') && wrong(widget, fault),
  );
}

/** Has the conversation sent to an address. */
export function sendByMail(widget: Widget, to: string): void {
  const email = to.trim();
  if (!EMAIL.test(email)) wrong(widget, 'emailWrong');
  else {
    widget.attempt(
      'mail',
      { type: 'email_transcript', email },
      () => widget.edit({ mailing: false, formFault: null, notice: widget.t('mailed') }),
      (refused) => refused.frame.field === 'email' && wrong(widget, 'emailWrong'),
    );
  }
}

/** Gives the conversation to the visitor as a text file. */
export function saveTranscript(widget: Widget): void {
  widget.attempt('save', { type: 'transcript' }, (ack) => {
    const day = new Date().toISOString().slice(0, 10);
    download(`${widget.shell.title ?? widget.t('title')} ${day}.txt`, String(ack['text'] ?? ''));
  });
}

/** Gives the visitor all that is kept about them, as a file of the hub's. */
export function exportData(widget: Widget): void {
  widget.attempt('export', { type: 'export' }, (ack) => {
    const link = document.createElement('a');
    link.href = new URL(String(ack['url']), widget.shell.origin).href;
    link.download = '';
    link.click();
  });
}

/** Sends the stars that were given; the comment goes with the person's, else with the bot's. */
export async function rate(widget: Widget, comment: string): Promise<void> {
  const { agent, bot } = widget.ui.state.scores;
  const text = comment.trim();
  widget.store.update((state) => ({ ...state, rating: 'sending' }));
  try {
    if (agent) await widget.request({ type: 'rating', of: 'agent', score: agent, ...(text ? { comment: text } : {}) });
    if (bot) await widget.request({ type: 'rating', of: 'bot', score: bot, ...(text && !agent ? { comment: text } : {}) });
    widget.store.update((state) => ({ ...state, rating: 'done' }));
  } catch (error) {
    // A hub without ratings: the visitor is asked for nothing again.
    // By its code: the class itself belongs to the panel's script, and would be another one here.
    const gone = (error as { code?: string }).code === 'bad_request';
    widget.store.update((state) => ({ ...state, rating: gone ? 'unavailable' : 'none' }));
    widget.edit({ notice: widget.t('notNow') });
  }
}

/** Deletes the conversation, here and at the hub; the next message begins a new one. */
export function erase(widget: Widget): void {
  widget.attempt('erase', { type: 'erase' }, () => widget.erased());
}
