/** The lower part of the panel: waiting, rating, the composer, the way to a person. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { classMap } from 'lit/directives/class-map.js';
import { live } from 'lit/directives/live.js';
import { MAX_TEXT } from '../core/protocol';
import type { VisitorState } from '../core/visitor';
import * as icon from '../view/icons';
import type { Ui, Widget } from './widget';

export function dock(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t } = widget;
  const length = [...ui.text.trim()].length;
  const over = length > MAX_TEXT;
  return html`<div class="dock">
    ${
      state.link === 'waiting' && state.retryAt !== null
        ? html`<div class="strip" data-testid="offline">
            <span>${t('offlineHint')}</span>
            <button type="button" @click=${() => widget.tryNow()}>${t('tryNow')}</button>
          </div>`
        : nothing
    }
    ${ui.notice ? html`<div class="strip" role="alert">${ui.notice}</div>` : nothing}
    ${state.status === 'queued' ? queue(widget, state, ui) : nothing}
    ${state.status === 'resolved' ? rating(widget, state, ui) : nothing}
    <form class=${classMap({ composer: true, over })} @submit=${(event: Event) => submit(widget, ui, event)}>
      <label class="sr" for="silta-composer">${t('composer')}</label>
      <textarea
        id="silta-composer"
        data-testid="composer"
        rows="1"
        enterkeyhint="send"
        autocomplete="off"
        placeholder=${t('composer')}
        lang=${widget.shell.language}
        aria-describedby=${over ? 'silta-over' : nothing}
        aria-invalid=${over ? 'true' : nothing}
        .value=${live(ui.text)}
        @input=${(event: Event) => widget.typed((event.target as HTMLTextAreaElement).value)}
        @keydown=${(event: KeyboardEvent) => {
          // An input method's Enter takes a suggestion; it must not send.
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
            submit(widget, widget.ui.state, event);
          }
        }}
      ></textarea>
      <button type="submit" class="send" data-testid="send" aria-label=${t('send')} ?disabled=${!length || over}>
        ${icon.sendArrow}
      </button>
    </form>
    ${
      over
        ? html`<p class="over" id="silta-over" role="alert">${t('tooLong', { n: length, max: MAX_TEXT })}</p>`
        : nothing
    }
    ${state.status === 'queued' || state.status === 'assigned' ? nothing : person(widget, state, ui)}
  </div>`;
}

function submit(widget: Widget, ui: Ui, event: Event): void {
  event.preventDefault();
  widget.write(ui.text);
}

function person(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t } = widget;
  return html`<div class="help">
    <button
      type="button"
      class="person"
      data-testid="person"
      ?disabled=${ui.busy.has('person')}
      @click=${() => widget.askForPerson()}
    >
      ${icon.person}${t('person')}
    </button>
    ${state.open === false && state.hours ? html`<span>${t('personHours', { hours: state.hours })}</span>` : nothing}
  </div>`;
}

function queue(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t } = widget;
  const place = state.place;
  const eta = place?.eta;
  const wait = eta ? [Math.max(1, Math.round(eta[0] / 60)), Math.max(1, Math.round(eta[1] / 60))] : null;
  const position = place?.position ?? null;
  // To be next means little while nobody is there to answer.
  const next = position === 1 && place?.agents !== 0;
  return html`<div class="queue" data-testid="queue">
    <div role="status">
      <strong>${next ? t('queueNext') : t('queueTitle')}</strong>
      ${position === null || next
        ? nothing
        : html`<span data-testid="position">${t('queuePosition', { n: position })}</span>`}
      ${
        wait
          ? html`<span
              >${
                wait[0] === wait[1] && wait[1] === 1
                  ? t('queueEtaShort')
                  : t('queueEta', { low: wait[0] ?? 1, high: wait[1] ?? 1 })
              }</span
            >`
          : nothing
      }
      <p>${t('queueHint')}</p>
    </div>
    <button type="button" data-testid="cancel" ?disabled=${ui.busy.has('cancel')} @click=${() => widget.leaveQueue()}>
      ${t('cancel')}
    </button>
  </div>`;
}

function rating(widget: Widget, state: VisitorState, ui: Ui): TemplateResult | typeof nothing {
  const { t } = widget;
  if (ui.ratingHidden || state.rating === 'unavailable') return nothing;
  // The log's own line thanks; without one, this does.
  if (state.rating === 'done') {
    const thanked = state.log.events.some((event) => event.kind === 'rating');
    return thanked ? nothing : html`<div class="rating thanks" role="status">${t('ratingThanks')}</div>`;
  }
  return html`<form
    class="rating"
    data-testid="rating"
    @submit=${(event: Event) => {
      event.preventDefault();
      const comment = (event.target as HTMLFormElement).querySelector('textarea')?.value ?? '';
      void widget.rate(ui.score, comment);
    }}
  >
    <fieldset>
      <legend>${t('ratingTitle')}</legend>
      <div class="stars">
        ${[1, 2, 3, 4, 5].map(
          (score) =>
            html`<label class=${classMap({ on: score <= ui.score })}>
              <input
                type="radio"
                name="silta-score"
                class="sr"
                .checked=${live(ui.score === score)}
                @change=${() => widget.edit({ score })}
              />
              <span class="sr">${t('ratingScore', { n: score })}</span>${icon.star}
            </label>`,
        )}
      </div>
    </fieldset>
    ${
      ui.score
        ? html`<label class="sr" for="silta-comment">${t('ratingComment')}</label>
            <textarea id="silta-comment" rows="2" maxlength="1000" placeholder=${t('ratingComment')}></textarea>`
        : nothing
    }
    <div class="acts">
      <button type="button" class="plain" @click=${() => widget.edit({ ratingHidden: true })}>
        ${t('ratingSkip')}
      </button>
      ${
        ui.score
          ? html`<button type="submit" class="firm" ?disabled=${state.rating === 'sending'}>${t('ratingSend')}</button>`
          : nothing
      }
    </div>
  </form>`;
}
