/** Where the agent answers: a reply to the visitor or a note to colleagues, never mistaken for each other. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { classMap } from 'lit/directives/class-map.js';
import { live } from 'lit/directives/live.js';
import type { Conversation } from '../core/agent';
import { type FileRef, MAX_TEXT } from '../core/protocol';
import { tongueOf } from '../core/tongue';
import { filesIn } from '../view/paste';
import * as icon from './icons';
import type { Desk } from './desk';
import { follow, listKey, popupView } from './canned';
import { draftKey, type Mode, type Ui } from './ui';
import { languageName } from './words';

/** The modifier as it is printed on this machine's keys. */
const MOD = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl';
/** The counter appears when the limit comes into sight. */
const COUNT_FROM = MAX_TEXT - 500;

export function composer(desk: Desk, ui: Ui, conversation: Conversation, mayReply: boolean): TemplateResult {
  const { t } = desk;
  const mode: Mode = mayReply ? ui.mode : 'note';
  const text = ui.drafts.get(draftKey(conversation.id, mode)) ?? '';
  const length = [...text.trim()].length;
  const over = length > MAX_TEXT;
  const note = mode === 'note';
  const written = note || text.startsWith('/') ? null : tongueOf(text);
  const other = written !== null && written !== conversation.language ? written : null;
  const files = note ? [] : (ui.files.get(conversation.id) ?? []);
  const coming = note ? [] : (ui.uploads.get(conversation.id) ?? []);
  const popup = ui.popup !== null && note === (ui.popup.kind === 'mention');
  const tab = (value: Mode, label: string): TemplateResult =>
    html`<button
      type="button"
      aria-pressed=${mode === value}
      data-testid=${`mode-${value}`}
      @click=${() => {
        desk.edit({ mode: value });
        desk.focusSoon('[data-testid=reply]');
      }}
    >
      ${label}
    </button>`;
  return html`<form
    class=${classMap({ composer: true, note })}
    @submit=${(event: Event) => {
      event.preventDefault();
      desk.write(conversation.id);
    }}
  >
    ${popup ? popupView(desk, ui, conversation) : nothing}
    <div class="tabs" role="group" aria-label=${t('writeAs')}>
      ${mayReply ? tab('message', t('reply')) : nothing} ${tab('note', t('note'))}
      ${
        note
          ? nothing
          : html`<button
              type="button"
              class="suggest"
              data-testid="suggest"
              ?disabled=${ui.busy.has('suggest')}
              @click=${() => void desk.suggest(conversation.id)}
            >
              ${icon.bulb}${t('suggest')}
            </button>`
      }
    </div>
    <label class="sr" for="reply">${note ? t('note') : t('reply')}</label>
    <textarea
      id="reply"
      data-testid="reply"
      data-mode=${mode}
      rows="3"
      spellcheck="true"
      lang=${note ? ui.language : conversation.language}
      placeholder=${note ? t('noteHint') : t('replyHint', { language: languageName(conversation.language, t) })}
      aria-describedby="reply-hint"
      aria-autocomplete="list"
      aria-controls=${popup && ui.popup?.items.length ? 'replies' : nothing}
      aria-activedescendant=${popup && ui.popup?.items.length ? `reply-${ui.popup.active}` : nothing}
      @paste=${(event: ClipboardEvent) => {
        const given = note ? null : filesIn(event.clipboardData);
        if (!given) return;
        event.preventDefault();
        void desk.attach(conversation.id, given);
      }}
      @blur=${() => ui.popup && desk.edit({ popup: null })}
      @focus=${(event: Event) => {
        // What took the focus away closed the list; Enter would then put a line's end after "/…", and Send would send it.
        if (!note && !desk.ui.state.popup) follow(desk, conversation.id, (event.target as HTMLTextAreaElement).value);
      }}
      .value=${live(text)}
      @input=${(event: Event) => desk.typed(conversation.id, (event.target as HTMLTextAreaElement).value)}
      @keydown=${(event: KeyboardEvent) => {
        if (!event.isComposing && listKey(desk, conversation.id, event)) {
          event.preventDefault();
          event.stopPropagation();
          return;
        }
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.isComposing) {
          event.preventDefault();
          desk.write(conversation.id);
        }
      }}
    ></textarea>
    ${files.length || coming.length ? chosen(desk, conversation.id, files, coming) : nothing}
    <div role="status">
      ${
        other
          ? html`<p class="hint" data-testid="wrong-language">
              ${icon.alert}${t('wrongLanguage', {
                written: languageName(other, t),
                wanted: languageName(conversation.language, t),
              })}
            </p>`
          : nothing
      }
    </div>
    <div class="row">
      <span class="soft" id="reply-hint">
        ${
          length >= COUNT_FROM
            ? html`<span class=${over ? 'bad' : ''} role=${over ? 'alert' : nothing}
                >${t('tooLong', { n: length, max: MAX_TEXT })}</span
              >`
            : t('sendKeys', { key: MOD })
        }
      </span>
      ${note || ui.view === 'calls' ? nothing : attach(desk, conversation.id)}
      <button type="submit" class="firm" data-testid="send" ?disabled=${(!length && !files.length) || over || coming.length > 0}>
        ${note ? t('addNote') : t('send')}
      </button>
    </div>
  </form>`;
}

function attach(desk: Desk, id: string): TemplateResult {
  return html`<label class="tool clip" title=${desk.t('attach')}>
    <input
      type="file"
      class="sr"
      multiple
      accept="image/png,image/jpeg,image/gif,image/webp,application/pdf"
      data-testid="attach"
      aria-label=${desk.t('attach')}
      @change=${(event: Event) => {
        const input = event.target as HTMLInputElement;
        void desk.attach(id, input.files).then(() => (input.value = ''));
      }}
    />
    ${icon.clip}
  </label>`;
}

/** Files that will go with the reply, and those that it waits for. */
function chosen(desk: Desk, id: string, files: readonly FileRef[], coming: readonly File[]): TemplateResult {
  const chip = (name: string, file: string, words: string, drop: () => void): TemplateResult =>
    html`<li class="chip" data-testid=${name}>
      ${words}
      <button type="button" aria-label="${desk.t('discard')}: ${file}" @click=${drop}>${icon.close}</button>
    </li>`;
  return html`<ul class="given">
    ${files.map((file) => chip('attached', file.name, file.name, () => desk.detach(id, file.id)))}
    ${coming.map((file) => chip('uploading', file.name, `${file.name} ${desk.t('sending')}`, () => desk.giveUp(id, file)))}
  </ul>`;
}
