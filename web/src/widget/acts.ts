/** What the seldom needed forms do, at the hub and here. */
import type { AckFrame, Callback, Language, Request } from '../core/protocol';
import { choice } from '../core/visitor';
import { download } from '../view/download';
import { PAGE } from './items';
import type { Ui, Widget } from './widget';

const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

/** So long a screen reader may take to look at what has come into the log. */
const QUIET_MS = 1_000;

let quiet: ReturnType<typeof setTimeout> | undefined;

/** Shows more of a long history: nobody is read all of it, and what was in sight stays there. */
export function earlier(widget: Widget): void {
  const log = widget.find<HTMLElement>('.log');
  if (!log) return;
  const below = log.scrollHeight - log.scrollTop;
  // The button may go, or stands far above then; one reads on from the first of what has come.
  log.focus({ preventScroll: true });
  widget.edit({ shown: widget.ui.state.shown + PAGE, atEnd: false, quiet: true });
  requestAnimationFrame(() => (log.scrollTop = log.scrollHeight - below));
  clearTimeout(quiet);
  quiet = setTimeout(() => widget.edit({ quiet: false }), QUIET_MS);
}

/** What is wrong is said beside the field, and the cursor stands in it. */
function wrong(widget: Widget, formFault: 'phoneWrong' | 'emailWrong'): true {
  widget.edit({ formFault });
  widget.find<HTMLElement>('#silta-to')?.focus();
  return true;
}

/** Leaves the queue; the bot answers again. */
export function leaveQueue(widget: Widget): void {
  widget.attempt('cancel', { type: 'cancel_handoff' });
}

/** The visitor takes an answer in another language rather than wait for one in theirs. */
export function acceptLanguage(widget: Widget, language: Language): void {
  widget.attempt('consent', { type: 'consent', language });
}

/** Puts the cursor into what the next drawing shows. */
function enter(widget: Widget, selector: string): void {
  requestAnimationFrame(() => widget.find<HTMLElement>(selector)?.focus());
}

/** Opens the form for a call or an e-mail, or closes it. */
export function openForm(widget: Widget, form: Ui['form']): void {
  const windows = form === 'phone' ? choice(widget.store.state, 'callback')?.windows : [];
  widget.edit({ form, formFault: null, window: windows?.[0]?.id });
  // A choice is made among several; where there is nothing to choose, one types.
  enter(widget, form ? '.later select, .later input' : '.offers button');
}

/** Asks where the conversation shall be sent. */
export function askMail(widget: Widget): void {
  widget.edit({ mailing: true, formFault: null });
  enter(widget, '#silta-to');
}

/** Asks whether everything shall go. */
export function askErase(widget: Widget): void {
  widget.edit({ erasing: true });
  enter(widget, '[data-testid=erase-sure] button');
}

/** What was promised is another by what the hub has answered. */
function promised(widget: Widget, ack: AckFrame): void {
  const callback = ack['callback'] as Callback | undefined;
  if (callback) widget.store.update((state) => ({ ...state, callback }));
}

/** The call or e-mail that was promised is not needed any more. */
export function cancelCall(widget: Widget): void {
  widget.attempt('uncall', { type: 'callback_cancel' }, (ack) => promised(widget, ack));
}

/** The time that was chosen is to be had no more: another is chosen by hand, and the cursor stands there. */
function unchosen(widget: Widget): true {
  widget.edit({ window: '' });
  enter(widget, '#silta-window');
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
  if (kind === 'phone' && !window) {
    unchosen(widget);
    return;
  }
  const frame: Request = { type: 'callback', [kind]: where };
  if (name.trim()) frame['name'] = name.trim();
  if (window) frame['window'] = window;
  widget.attempt(
    'book',
    frame,
    (ack) => {
      widget.edit({ form: null, formFault: null });
      promised(widget, ack);
    },
    ({ code, frame: { field } }) => {
      if (field === 'window' || (window && code === 'conflict')) return unchosen(widget);
      return (field === 'phone' || field === 'email') && wrong(widget, fault);
    },
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
  if (widget.store.state.rating === 'sending') return;
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
