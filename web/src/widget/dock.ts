/** The lower part of the panel: waiting, rating, the composer, the way to a person. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { live } from 'lit/directives/live.js';
import { MAX_TEXT } from '../core/protocol';
import { awaited, type VisitorState } from '../core/visitor';
import * as icon from '../view/icons';
import { names } from '../view/names';
import { filesIn } from '../view/paste';
import { picker } from './files';
import type { Ui, Widget } from './widget';

export function dock(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t } = widget;
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
    ${(ui.erasing && widget.more?.eraseSure(widget, ui)) || nothing} ${(ui.mailing && widget.more?.mailForm(widget, ui)) || nothing}
    ${
      (state.status === 'queued'
        ? widget.more?.waiting(widget, state, ui)
        : awaited(state) && widget.more?.promisedCard(widget, state, ui)) || nothing
    }
    ${(state.status === 'resolved' && widget.more?.ratings(widget, state, ui)) || nothing}
    ${state.consent ? consent(widget, ui) : writing(widget, state, ui)}
  </div>`;
}

/** The owner's box, before the first message. */
function consent(widget: Widget, ui: Ui): TemplateResult {
  return html`<label class="queue agree">
    <input
      type="checkbox"
      data-testid="agree"
      .checked=${live(ui.busy.has('agree'))}
      aria-disabled=${ui.busy.has('agree')}
      @change=${() => widget.agree()}
    />
    <span>${widget.t('agree')}</span>
  </label>`;
}

function writing(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t } = widget;
  const length = [...ui.text.trim()].length;
  const over = length > MAX_TEXT;
  const empty = !length && !ui.files.some((one) => one.file);
  const coming = ui.files.some((one) => !one.file && !one.fault);
  return html`${widget.more?.waitingFiles(widget, ui) ?? nothing}
    <form class=${names({ composer: true, over })} @submit=${(event: Event) => submit(widget, event)}>
      ${state.may.upload ? picker(widget) : nothing}
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
        @paste=${(event: ClipboardEvent) => {
          if (widget.attach(filesIn(event.clipboardData))) event.preventDefault();
        }}
        @keydown=${(event: KeyboardEvent) => {
          // An input method's Enter takes a suggestion; it must not send.
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
            submit(widget, event);
          }
        }}
      ></textarea>
      <button type="submit" class="send" data-testid="send" aria-label=${t('send')} ?disabled=${empty || over || coming}>
        ${icon.sendArrow}
      </button>
    </form>
    ${
      over
        ? html`<p class="over" id="silta-over" role="alert">${t('tooLong', { n: length, max: MAX_TEXT })}</p>`
        : nothing
    }
    ${state.status === 'queued' || state.status === 'assigned' ? nothing : person(widget, state, ui)}`;
}

function submit(widget: Widget, event: Event): void {
  event.preventDefault();
  widget.write();
}

function person(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t } = widget;
  return html`<div class="help">
    <button
      type="button"
      class="person"
      data-testid="person"
      aria-disabled=${ui.busy.has('person')}
      @click=${() => widget.askForPerson()}
    >
      ${icon.person}${t('person')}
    </button>
    ${
      state.open === false && state.hours
        ? html`<span>${t('personHours', { hours: state.hours })}</span>`
        : state.response
          ? html`<span>${state.response}</span>`
          : nothing
    }
  </div>`;
}
