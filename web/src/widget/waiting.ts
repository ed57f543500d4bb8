/** The card of who waits: the place in the queue, and what can be chosen instead of waiting on. */
import type { nothing as Nothing, TemplateResult } from 'lit/html.js';
import { isLanguage } from '../core/protocol';
import { awaited, choice, type VisitorState } from '../core/visitor';
import { acceptLanguage, cancelCall, leaveQueue, openForm } from './acts';
import { form } from './forms';
import { html, nothing, spanTime, whenTime } from './kit';
import type { Ui, Widget } from './widget';

/** Consent to an answer in a language, in words. */
const FINE = { fi: 'ok_fi', da: 'ok_da', en: 'ok_en' } as const;

export function waiting(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t } = widget;
  const later = awaited(state);
  return html`<div class="queue" data-testid="queue">
    <div role="status">${later ? promised(widget, state, ui) : place(widget, state, ui)}</div>
    ${ui.form ? form(widget, state, ui, ui.form) : offers(widget, state, ui)}
    ${
      ui.form
        ? nothing
        : html`<button
            type="button"
            class="plain"
            data-testid="cancel"
            aria-disabled=${ui.busy.has('cancel')}
            @click=${() => leaveQueue(widget)}
          >
            ${t('cancel')}
          </button>`
    }
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
  const told = state.zones[shell.language];
  return html`<strong data-testid="promised">${call ? t('callTitle') : t('mailTitle')}</strong>
    ${
      call && later.from && later.to
        ? html`<span>${spanTime(later.from, later.to, shell.language, told)}</span>`
        : later?.by
          ? html`<span>${t('mailBy', { time: whenTime(later.by, shell.language, told) })}</span>`
          : nothing
    }
    <button
      type="button"
      class="plain"
      data-testid="uncall"
      aria-disabled=${ui.busy.has('uncall')}
      @click=${() => cancelCall(widget)}
    >
      ${call ? t('uncall') : t('unmail')}
    </button>`;
}

function place(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t, shell } = widget;
  const at = state.place;
  const told = state.zones[shell.language];
  // A form needs the room, and has a way back of its own.
  const hint = ui.form ? nothing : html`<p>${t('queueHint')}</p>`;
  if (state.open === false) {
    return html`<strong>${t('closedTitle')}</strong>
      ${
        state.opensAt
          ? html`<span data-testid="opens">${t('opensAt', { time: whenTime(state.opensAt, shell.language, told) })}</span>`
          : nothing
      }
      ${hint}`;
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
    ${hint}`;
}

function offers(widget: Widget, state: VisitorState, ui: Ui): TemplateResult | typeof Nothing {
  const { t } = widget;
  const call = choice(state, 'callback');
  const mail = choice(state, 'email');
  const languages = choice(state, 'other_language')?.languages.filter(isLanguage) ?? [];
  if (awaited(state) || !(call?.windows.length || mail || languages.length)) return nothing;
  const open = (name: 'phone' | 'email', words: string): TemplateResult =>
    html`<button type="button" data-testid=${`choose-${name}`} @click=${() => openForm(widget, name)}>${words}</button>`;
  return html`<div class="offers" role="group" aria-label=${t('choices')}>
    ${call?.windows.length ? open('phone', t('chooseCall')) : nothing}
    ${mail ? open('email', t('chooseMail')) : nothing}
    ${languages.map(
      (language) =>
        html`<button
          type="button"
          data-testid=${`consent-${language}`}
          aria-disabled=${ui.busy.has('consent')}
          @click=${() => acceptLanguage(widget, language)}
        >
          ${t(FINE[language])}
        </button>`,
    )}
  </div>`;
}
