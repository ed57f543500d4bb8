/** Replies to choose from: the owner's by `/`, and what the hub suggests; the agent's own language stands beside. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import type { Conversation } from '../core/agent';
import type { Request, Suggestion } from '../core/protocol';
import type { Step } from './api';
import type { Desk } from './desk';
import { draftKey, type Popup, type Ui } from './ui';

/** More cannot be looked through while somebody waits. */
const SHOWN = 7;

/** The text in the words of this moment: `{agent}` is who writes. */
function fill(desk: Desk, text: string): string {
  return text.replaceAll('{agent}', desk.store.state.agent?.name ?? '');
}

/** Letters of `wanted` in their order: typing a few letters of a title is enough. */
function fuzzy(text: string, wanted: string): boolean {
  let at = 0;
  for (const letter of wanted) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** Opens, narrows or closes the list while a reply that starts with "/" is typed. */
export function follow(desk: Desk, id: string, text: string): void {
  const open = desk.ui.state.popup;
  if (!text.startsWith('/') || text.includes('\n')) {
    if (open) desk.edit({ popup: null });
    return;
  }
  const wanted = text.slice(1).trim().toLowerCase();
  const own = desk.ui.state.language;
  const language = desk.store.state.conversations.get(id)?.language ?? own;
  const items = desk.canned
    .map((one) => ({
      kind: 'canned' as const,
      key: one.key,
      title: one.title[own] ?? one.key,
      text: fill(desk, one.text[language] ?? one.text['en'] ?? ''),
      own: fill(desk, one.text[own] ?? ''),
    }))
    .filter((one) => fuzzy(`${one.key} ${one.title}`.toLowerCase(), wanted))
    .slice(0, SHOWN);
  desk.edit({ popup: { kind: 'canned', items, active: 0 } });
}

/** Offers colleagues while a note ends in `@` and the beginning of a name. */
export function followMention(desk: Desk, text: string): void {
  const wanted = /(?:^|\s)@([\p{L}-]*)$/u.exec(text)?.[1]?.toLowerCase();
  if (wanted === undefined) {
    if (desk.ui.state.popup) desk.edit({ popup: null });
    return;
  }
  const own = desk.store.state.agent?.id;
  const items = [...desk.store.state.agents.values()]
    .filter((one) => one.id !== own && one.name.toLowerCase().startsWith(wanted))
    .slice(0, SHOWN)
    .map((one) => ({ kind: 'canned' as const, key: one.id, title: one.name, text: desk.t(one.presence ?? 'offline') }));
  desk.edit({ popup: items.length ? { kind: 'mention', items, active: 0 } : null });
}

/** The frame that a step of a macro asks for, but for its conversation. */
export function frameOf(desk: Desk, id: string, step: Step): Request {
  const language = desk.store.state.conversations.get(id)?.language ?? 'en';
  if ('reply' in step) return { type: 'message', text: fill(desk, step.reply[language] ?? step.reply['en'] ?? '') };
  if ('note' in step) return { type: 'note', text: step.note };
  if ('snooze' in step) return { type: 'snooze', until: new Date(Date.now() + step.snooze * 60_000).toISOString() };
  if ('transfer' in step) return { type: 'transfer', to: { skill: step.transfer } };
  if ('resolve' in step) return { type: 'resolve', outcome: step.resolve };
  return { type: 'return_to_bot' };
}

/** Shows what the hub suggests; what is no list of texts is none. */
export function showAnswers(desk: Desk, answers: unknown): void {
  const items = (Array.isArray(answers) ? (answers as Suggestion[]) : []).filter((one) => typeof one?.text === 'string');
  desk.edit({ popup: { kind: 'suggest', items: items.slice(0, SHOWN), active: 0 } });
  desk.focusSoon('[data-testid=reply]');
}

function take(desk: Desk, id: string, popup: Popup, item: Suggestion): void {
  if (popup.kind === 'mention') {
    const note = desk.ui.state.drafts.get(draftKey(id, 'note')) ?? '';
    desk.draft(id, `${note.replace(/@[\p{L}-]*$/u, '')}@${item.title} `);
    desk.edit({ popup: null });
    desk.focusSoon('[data-testid=reply]');
    return;
  }
  const before = desk.ui.state.drafts.get(draftKey(id, 'message')) ?? '';
  // A suggestion goes after what has been written; a canned reply takes the place of its "/…".
  const text = popup.kind === 'suggest' && before.trim() ? `${before.trimEnd()}\n${item.text}` : item.text;
  desk.draft(id, text);
  desk.edit({ popup: null });
  desk.focusSoon('[data-testid=reply]');
}

/** Keys of the composer while the list is open; true when one was used. */
export function listKey(desk: Desk, id: string, event: KeyboardEvent): boolean {
  const { popup } = desk.ui.state;
  if (!popup) return false;
  const { items, active } = popup;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step !== undefined && items.length) {
    desk.edit({ popup: { ...popup, active: (active + step + items.length) % items.length } });
    return true;
  }
  const chosen = items[active];
  if ((event.key === 'Enter' || event.key === 'Tab') && chosen && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    take(desk, id, popup, chosen);
    return true;
  }
  if (event.key === 'Escape') {
    desk.edit({ popup: null });
    return true;
  }
  return false;
}

export function popupView(desk: Desk, ui: Ui, conversation: Conversation): TemplateResult | typeof nothing {
  const { popup } = ui;
  const { t } = desk;
  if (!popup) return nothing;
  if (!popup.items.length) return html`<p class="popup none" role="status">${t('cannedNone')}</p>`;
  const both = ui.language !== conversation.language;
  return html`<ul class="popup" id="replies" role="listbox" aria-label=${t(popup.kind === 'mention' ? 'mention' : 'canned')} data-testid="replies">
    ${popup.items.map(
      (item, index) =>
        html`<li
          role="option"
          id=${`reply-${index}`}
          aria-selected=${index === popup.active}
          data-key=${item.key}
          @mousedown=${(event: Event) => {
            // The text field keeps the focus.
            event.preventDefault();
            take(desk, conversation.id, popup, item);
          }}
        >
          <strong>${item.title}</strong>
          <span lang=${conversation.language}>${item.text}</span>
          ${both && item.own ? html`<span class="soft" lang=${ui.language}>${item.own}</span>` : nothing}
        </li>`,
    )}
  </ul>`;
}
