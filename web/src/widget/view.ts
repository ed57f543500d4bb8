/** The panel as a function of its state: the frame with heading and menu; `log` and `dock` fill it. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { live } from 'lit/directives/live.js';
import { LANGUAGES } from '../core/protocol';
import type { VisitorState } from '../core/visitor';
import { NAMES } from '../i18n/index';
import * as icon from '../view/icons';
import { names } from '../view/names';
import { dock } from './dock';
import { face, log } from './log';
import type { Ui, Widget } from './widget';

export function view(widget: Widget, state: VisitorState, ui: Ui): TemplateResult | typeof nothing {
  if (!ui.open) return nothing;
  const { t } = widget;
  const title = widget.shell.title ?? t('title');
  return html`<section
    class="panel"
    part="panel"
    id="silta-panel"
    role="dialog"
    aria-modal=${ui.whole ? 'true' : 'false'}
    tabindex="-1"
    aria-label=${title}
    data-testid="panel"
    @keydown=${(event: KeyboardEvent) => onKey(widget, ui, event)}
    @dragover=${(event: DragEvent) => state.may.upload && event.preventDefault()}
    @drop=${(event: DragEvent) => {
      if (!state.may.upload) return;
      event.preventDefault();
      widget.attach(event.dataTransfer?.files);
    }}
  >
    ${header(widget, state, ui, title)} ${log(widget, state, ui)} ${dock(widget, state, ui)}
  </section>`;
}

function onKey(widget: Widget, ui: Ui, event: KeyboardEvent): void {
  if (event.key === 'Escape' && !event.isComposing) {
    event.stopPropagation();
    if (ui.menu) {
      widget.edit({ menu: false });
      (event.currentTarget as HTMLElement).querySelector<HTMLElement>('.more')?.focus();
    } else widget.dismiss();
  }
  if (event.key === 'Tab') keepInside(event);
}

/** On a phone the panel is all there is: Tab goes round inside it. Beside a page it may leave. */
function keepInside(event: KeyboardEvent): void {
  const panel = event.currentTarget as HTMLElement;
  if (panel.ariaModal !== 'true') return;
  const stops = [
    ...panel.querySelectorAll<HTMLElement>('button:not([disabled]), textarea, a[href], input, [tabindex="0"]'),
  ];
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  const active = (panel.getRootNode() as ShadowRoot).activeElement;
  if (active === edge || active === panel) {
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
  }
}

function statusText(widget: Widget, state: VisitorState): string {
  const { t } = widget;
  if (state.link === 'waiting') return t('statusOffline');
  if (!state.welcomed || state.link === 'connecting') return t('statusConnecting');
  switch (state.status) {
    case 'queued':
      return t('statusQueued');
    case 'assigned':
      return state.agent ? t('statusAssigned', { name: state.agent }) : t('statusAssignedUnnamed');
    case 'resolved':
      return t('statusResolved');
    default:
      return t('statusBot');
  }
}

function header(widget: Widget, state: VisitorState, ui: Ui, title: string): TemplateResult {
  const { t } = widget;
  const down = state.link !== 'open';
  return html`<div class="head">
    ${face(state.status === 'assigned' ? 'agent' : 'bot', state.agent)}
    <div class="heading">
      <h2>${title}</h2>
      <p
        class=${names({ state: true, down })}
        data-testid="status"
        data-status=${state.status}
        data-link=${state.link}
        role="status"
      >
        <span class="dot" aria-hidden="true"></span>${statusText(widget, state)}
      </p>
    </div>
    <button
      type="button"
      class="tool more"
      data-testid="menu"
      aria-label=${t('menu')}
      aria-expanded=${ui.menu}
      aria-controls="silta-menu"
      @click=${() => {
        widget.foresee();
        widget.edit({ menu: !ui.menu });
      }}
    >
      ${icon.dots}
    </button>
    <button type="button" class="tool" data-testid="close" aria-label=${t('close')} @click=${() => widget.dismiss()}>
      ${icon.close}
    </button>
    ${ui.menu ? menu(widget, state, ui) : nothing}
  </div>`;
}

function menu(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t } = widget;
  const going = state.token !== null && state.status !== 'resolved';
  return html`<div class="menu" id="silta-menu">
    <fieldset>
      <legend>${t('language')}</legend>
      ${LANGUAGES.map(
        (language) =>
          html`<label lang=${language}>
            <input
              type="radio"
              name="silta-language"
              data-testid=${`language-${language}`}
              .checked=${live(language === widget.tongue)}
              @change=${() => widget.setLanguage(language)}
            />
            <span>${NAMES[language]}</span>
          </label>`,
      )}
    </fieldset>
    <hr />
    <label>
      <input type="checkbox" data-testid="sound" .checked=${live(ui.sound)} @change=${() => widget.setSound(!ui.sound)} />
      <span>${t('sound')}</span>
    </label>
    ${state.log.events.length ? act('save', icon.save, t('save'), () => widget.withMore((more) => more.saveTranscript(widget))) : nothing}
    ${
      state.log.events.length && state.may.email_transcript
        ? act('mail', icon.mail, t('mail'), () => widget.withMore((more) => more.askMail(widget)))
        : nothing
    }
    ${state.may.erase && state.token ? act('export', icon.person, t('export'), () => widget.withMore((more) => more.exportData(widget))) : nothing}
    ${going ? act('end', icon.exit, t('end'), () => widget.end()) : nothing}
    ${
      state.may.erase && state.token
        ? act('erase', icon.bin, t('erase'), () => widget.withMore((more) => more.askErase(widget)))
        : nothing
    }
  </div>`;
}

function act(name: string, picture: unknown, words: string, done: () => void): TemplateResult {
  return html`<button type="button" data-testid=${name} @click=${done}>${picture}${words}</button>`;
}
