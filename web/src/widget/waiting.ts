/** The card of who waits: the place in the queue, and what can be chosen instead of waiting on. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { type Choice, isLanguage } from '../core/protocol';
import { awaited, type VisitorState } from '../core/visitor';
import { spanTime, whenTime } from '../view/time';
import type { Ui, Widget } from './widget';

/** Consent to an answer in a language, in words. */
const FINE = { fi: 'ok_fi', da: 'ok_da', en: 'ok_en' } as const;

type Of<Kind extends Choice['kind']> = Extract<Choice, { kind: Kind }>;

function choice<Kind extends Choice['kind']>(state: VisitorState, kind: Kind): Of<Kind> | undefined {
  return state.place?.choices.find((one): one is Of<Kind> => one.kind === kind);
}

export function waiting(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t } = widget;
  const later = awaited(state);
  return html`<div class="queue" data-testid="queue">
    <div role="status">${later ? promised(widget, state, ui) : place(widget, state)}</div>
    ${ui.form ? form(widget, state, ui, ui.form) : offers(widget, state, ui)}
    <button
      type="button"
      class="plain"
      data-testid="cancel"
      ?disabled=${ui.busy.has('cancel')}
      @click=${() => widget.leaveQueue()}
    >
      ${t('cancel')}
    </button>
  </div>`;
}

/** What was promised for later, while nobody waits any more. */
export function promisedCard(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  return html`<div class="queue" role="group" aria-label=${widget.t(awaited(state)?.kind === 'email' ? 'mailTitle' : 'callTitle')}>${promised(widget, state, ui)}</div>`;
}

function promised(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t, shell } = widget;
  const later = awaited(state);
  const call = later?.kind === 'phone';
  return html`<strong data-testid="promised">${call ? t('callTitle') : t('mailTitle')}</strong>
    ${
      call && later.from && later.to
        ? html`<span>${spanTime(later.from, later.to, shell.language)}</span>`
        : later?.by
          ? html`<span>${t('mailBy', { time: whenTime(later.by, shell.language) })}</span>`
          : nothing
    }
    <button
      type="button"
      class="plain"
      data-testid="uncall"
      ?disabled=${ui.busy.has('uncall')}
      @click=${() => widget.cancelCall()}
    >
      ${call ? t('uncall') : t('unmail')}
    </button>`;
}

function place(widget: Widget, state: VisitorState): TemplateResult {
  const { t, shell } = widget;
  const at = state.place;
  if (state.open === false) {
    return html`<strong>${t('closedTitle')}</strong>
      ${
        state.opensAt
          ? html`<span data-testid="opens">${t('opensAt', { time: whenTime(state.opensAt, shell.language) })}</span>`
          : nothing
      }
      <p>${t('queueHint')}</p>`;
  }
  const wait = at?.eta?.map((seconds) => Math.max(1, Math.round(seconds / 60)));
  const position = at?.position ?? null;
  // To be next means little while nobody is there to answer.
  const next = position === 1 && at?.agents !== 0;
  return html`<strong>${next ? t('queueNext') : t('queueTitle')}</strong>
    ${
      position === null || next
        ? nothing
        : html`<span data-testid="position">${t('queuePosition', { n: position })}</span>`
    }
    ${
      wait
        ? html`<span data-testid="eta"
            >${wait[1] === 1 ? t('queueEtaShort') : t('queueEta', { low: wait[0] ?? 1, high: wait[1] ?? 1 })}</span
          >`
        : nothing
    }
    <p>${t('queueHint')}</p>`;
}

function offers(widget: Widget, state: VisitorState, ui: Ui): TemplateResult | typeof nothing {
  const { t } = widget;
  const call = choice(state, 'callback');
  const mail = choice(state, 'email');
  const languages = choice(state, 'other_language')?.languages.filter(isLanguage) ?? [];
  if (awaited(state) || !(call?.windows.length || mail || languages.length)) return nothing;
  const open = (name: 'phone' | 'email', words: string): TemplateResult =>
    html`<button type="button" data-testid=${`choose-${name}`} @click=${() => widget.openForm(name)}>${words}</button>`;
  return html`<div class="offers" role="group" aria-label=${t('choices')}>
    ${call?.windows.length ? open('phone', t('chooseCall')) : nothing}
    ${mail ? open('email', t('chooseMail')) : nothing}
    ${languages.map(
      (language) =>
        html`<button
          type="button"
          data-testid=${`consent-${language}`}
          ?disabled=${ui.busy.has('consent')}
          @click=${() => widget.consent(language)}
        >
          ${t(FINE[language])}
        </button>`,
    )}
  </div>`;
}

function form(widget: Widget, state: VisitorState, ui: Ui, kind: 'phone' | 'email'): TemplateResult {
  const { t, shell } = widget;
  const phone = kind === 'phone';
  const windows = choice(state, 'callback')?.windows ?? [];
  const by = choice(state, 'email')?.by;
  const fault = ui.formFault;
  return html`<form
    class="later"
    data-testid="later"
    novalidate
    @submit=${(event: Event) => {
      event.preventDefault();
      const data = new FormData(event.target as HTMLFormElement);
      widget.book(kind, String(data.get('to')), String(data.get('name')), data.get('window') as string | null);
    }}
  >
    ${
      phone
        ? html`<label for="silta-window">${t('when')}</label>
            <select id="silta-window" name="window" data-testid="window">
              ${windows.map(
                ({ id, from, to }) => html`<option value=${id}>${spanTime(from, to, shell.language)}</option>`,
              )}
            </select>`
        : by
          ? html`<p>${t('mailBy', { time: whenTime(by, shell.language) })}</p>`
          : nothing
    }
    <label for="silta-to">${phone ? t('phone') : t('email')}</label>
    <input
      id="silta-to"
      name="to"
      data-testid="to"
      type=${phone ? 'tel' : 'email'}
      autocomplete=${phone ? 'tel' : 'email'}
      required
      maxlength="200"
      aria-invalid=${fault ? 'true' : nothing}
      aria-describedby=${fault ? 'silta-fault' : nothing}
    />
    ${fault ? html`<p class="over" id="silta-fault" role="alert">${t(fault)}</p>` : nothing}
    <label for="silta-name">${t('yourName')}</label>
    <input id="silta-name" name="name" data-testid="name" autocomplete="name" maxlength="80" />
    <div class="acts">
      <button type="button" class="plain" @click=${() => widget.openForm(null)}>${t('back')}</button>
      <button type="submit" class="firm" data-testid="book" ?disabled=${ui.busy.has('book')}>
        ${phone ? t('bookCall') : t('bookMail')}
      </button>
    </div>
  </form>`;
}
