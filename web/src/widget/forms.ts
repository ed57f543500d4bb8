/** Forms that a visitor seldom sees: a call or an answer by e-mail, the transcript by e-mail, deleting everything. */
import type { TemplateResult } from 'lit/html.js';
import { choice, type VisitorState } from '../core/visitor';
import { book, erase, openForm, sendByMail } from './acts';
import { html, live, nothing, spanTime, whenTime } from './kit';
import type { Ui, Widget } from './widget';

/** Where and when to call, or where to write, instead of waiting. */
export function form(widget: Widget, state: VisitorState, ui: Ui, kind: 'phone' | 'email'): TemplateResult {
  const { t, shell } = widget;
  const phone = kind === 'phone';
  const windows = choice(state, 'callback')?.windows ?? [];
  // Windows pass and fill up while one writes: without this the next would be chosen for the one that has gone.
  const gone = !windows.some(({ id }) => id === ui.window);
  const by = choice(state, 'email')?.by;
  const told = state.zones[shell.language];
  const fault = ui.formFault;
  return html`<form
    class="later"
    data-testid="later"
    novalidate
    @submit=${(event: Event) => {
      event.preventDefault();
      const data = new FormData(event.target as HTMLFormElement);
      book(widget, kind, String(data.get('to')), String(data.get('name')), data.get('window') as string | null);
    }}
  >
    ${
      phone
        ? html`<label for="silta-window">${t('when')}</label>
            <select
              id="silta-window"
              name="window"
              data-testid="window"
              aria-invalid=${gone ? 'true' : nothing}
              @change=${(event: Event) => widget.edit({ window: (event.target as HTMLSelectElement).value })}
            >
              ${gone ? html`<option value="" .selected=${live(true)}></option>` : nothing}
              ${windows.map(
                ({ id, from, to }) =>
                  html`<option value=${id} .selected=${live(id === ui.window)}>${spanTime(from, to, shell.language, told)}</option>`,
              )}
            </select>`
        : by
          ? html`<p>${t('mailBy', { time: whenTime(by, shell.language, told) })}</p>`
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
      <button type="button" class="plain" @click=${() => openForm(widget, null)}>${t('back')}</button>
      <button type="submit" class="firm" data-testid="book" aria-disabled=${ui.busy.has('book')}>
        ${phone ? t('bookCall') : t('bookMail')}
      </button>
    </div>
  </form>`;
}

/** The address to which the conversation shall go. */
export function mailForm(widget: Widget, ui: Ui): TemplateResult {
  const { t } = widget;
  return html`<form
    class="queue later asked"
    data-testid="mail-form"
    novalidate
    @submit=${(event: Event) => {
      event.preventDefault();
      sendByMail(widget, String(new FormData(event.target as HTMLFormElement).get('to')));
    }}
  >
    <label for="silta-to">${t('mailTo')}</label>
    <input
      id="silta-to"
      name="to"
      data-testid="to"
      type="email"
      autocomplete="email"
      required
      maxlength="200"
      aria-invalid=${ui.formFault ? 'true' : nothing}
      aria-describedby=${ui.formFault ? 'silta-fault' : nothing}
    />
    ${ui.formFault ? html`<p class="over" id="silta-fault" role="alert">${t(ui.formFault)}</p>` : nothing}
    <div class="acts">
      <button type="button" class="plain" @click=${() => widget.edit({ mailing: false })}>${t('back')}</button>
      <button type="submit" class="firm" data-testid="mail-send" aria-disabled=${ui.busy.has('mail')}>
        ${t('bookMail')}
      </button>
    </div>
  </form>`;
}

/** Asked before everything goes. */
export function eraseSure(widget: Widget, ui: Ui): TemplateResult {
  const { t } = widget;
  return html`<div class="queue asked" role="alertdialog" aria-label=${t('erase')} data-testid="erase-sure">
    <p>${t('eraseSure')}</p>
    <div class="acts">
      <button type="button" class="plain" @click=${() => widget.edit({ erasing: false })}>${t('back')}</button>
      <button
        type="button"
        class="firm"
        data-testid="erase-yes"
        aria-disabled=${ui.busy.has('erase')}
        @click=${() => erase(widget)}
      >
        ${t('erase')}
      </button>
    </div>
  </div>`;
}
