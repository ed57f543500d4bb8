/** The panel as a function of its state. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { classMap } from 'lit/directives/class-map.js';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import { LANGUAGES, MAX_TEXT } from '../core/protocol';
import { awaitsBot, caughtUp, quickReplies, unread, type VisitorState } from '../core/visitor';
import { NAMES } from '../i18n/index';
import * as icon from '../view/icons';
import { plain, rich } from '../view/text';
import { clockTime, dayName, fullTime, initials, isoTime } from '../view/time';
import { type MessageRow, type Row, rows } from './items';
import { PAGE, type Ui, type Widget } from './widget';

export function view(widget: Widget, state: VisitorState, ui: Ui): TemplateResult | typeof nothing {
  if (!ui.open) return nothing;
  const { t } = widget;
  const title = widget.shell.title ?? t('title');
  return html`<section
    class="panel"
    part="panel"
    role="dialog"
    tabindex="-1"
    aria-label=${title}
    data-testid="panel"
    @keydown=${(event: KeyboardEvent) => onKey(widget, ui, event)}
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
    } else widget.close();
  }
  if (event.key === 'Tab') keepInside(event);
}

/** On a phone the panel is all there is: Tab goes round inside it. Beside a page it may leave. */
function keepInside(event: KeyboardEvent): void {
  const panel = event.currentTarget as HTMLElement;
  if (!panel.parentElement?.classList.contains('whole')) return;
  const stops = [...panel.querySelectorAll<HTMLElement>('button:not([disabled]), textarea, a[href], input, [tabindex="0"]')];
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

function face(role: 'bot' | 'agent', name: string | null): TemplateResult {
  return role === 'agent' && name
    ? html`<span class="face agent" aria-hidden="true">${initials(name)}</span>`
    : html`<span class="face ${role}" aria-hidden="true">${role === 'bot' ? icon.bridge : icon.person}</span>`;
}

function header(widget: Widget, state: VisitorState, ui: Ui, title: string): TemplateResult {
  const { t } = widget;
  const down = state.link !== 'open';
  return html`<header>
    ${face(state.status === 'assigned' ? 'agent' : 'bot', state.agent)}
    <div class="heading">
      <h2>${title}</h2>
      <p
        class=${classMap({ state: true, down })}
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
      @click=${() => widget.edit({ menu: !ui.menu })}
    >
      ${icon.dots}
    </button>
    <button type="button" class="tool" data-testid="close" aria-label=${t('close')} @click=${() => widget.close()}>
      ${icon.close}
    </button>
    ${ui.menu ? menu(widget, state) : nothing}
  </header>`;
}

function menu(widget: Widget, state: VisitorState): TemplateResult {
  const { t } = widget;
  const going = state.token !== null && state.status !== 'resolved';
  return html`<div class="menu" id="silta-menu">
    <fieldset>
      <legend>${t('language')}</legend>
      ${LANGUAGES.map(
        (language) => html`<label lang=${language}>
          <input
            type="radio"
            name="silta-language"
            data-testid=${`language-${language}`}
            .checked=${live(language === widget.shell.language)}
            @change=${() => widget.setLanguage(language)}
          />
          <span>${NAMES[language]}</span>
        </label>`,
      )}
    </fieldset>
    ${going
      ? html`<button type="button" data-testid="end" @click=${() => widget.end()}>${icon.exit}${t('end')}</button>`
      : nothing}
  </div>`;
}

function log(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t } = widget;
  const all = rows(state, t, Date.now());
  const from = Math.max(0, all.length - ui.shown);
  const fresh = ui.atEnd ? 0 : unread(state);
  return html`<div class="scroller">
    <div
      class="log"
      role="log"
      tabindex="0"
      aria-label=${t('log')}
      aria-live=${caughtUp(state) ? 'polite' : 'off'}
      @scroll=${(event: Event) => widget.scrolled(event.currentTarget as HTMLElement)}
    >
      ${state.announcements.map(
        (text) => html`<div class="announcement"><strong>${t('announcement')}</strong> ${plain(text)}</div>`,
      )}
      ${state.notice
        ? html`<div class="notice" data-testid="notice">${icon.bridge}<div>${rich(state.notice)}</div></div>`
        : state.link === 'waiting'
          ? nothing
          : html`<div class="notice wait">${icon.bridge}<p>${t('loading')}</p></div>`}
      ${from > 0
        ? html`<button type="button" class="quiet" @click=${() => widget.edit({ shown: ui.shown + PAGE, atEnd: false })}>
            ${t('earlier')}
          </button>`
        : nothing}
      ${repeat(
        all.slice(from),
        (row) => row.key,
        (row) => rowView(widget, row),
      )}
      ${replies(widget, state)} ${typing(widget, state, ui)}
    </div>
    ${ui.atEnd
      ? nothing
      : html`<button type="button" class="jump" aria-label=${t('jump')} @click=${() => widget.toEnd()}>
          ${fresh ? html`<span>${t('newMessages', { n: fresh })}</span>` : nothing}${icon.down}
        </button>`}
  </div>`;
}

function rowView(widget: Widget, row: Row): TemplateResult {
  const { language } = widget.shell;
  if (row.type === 'day') return html`<div class="day">${dayName(row.at, Date.now(), language, widget.t)}</div>`;
  if (row.type === 'line') {
    return html`<div
      class="line ${row.kind}"
      data-testid="message"
      data-role="system"
      data-kind=${row.kind}
      data-seq=${row.seq}
      lang=${row.language ?? language}
    >
      ${rich(row.text)}
    </div>`;
  }
  return message(widget, row);
}

function message(widget: Widget, row: MessageRow): TemplateResult {
  const { language } = widget.shell;
  const mine = row.role === 'visitor';
  const failed = row.pending?.mark === 'failed';
  return html`<div
    class=${classMap({ msg: true, [row.role]: true, first: row.first, last: row.last, failed })}
    data-testid="message"
    data-role=${row.role}
    data-seq=${row.seq ?? nothing}
    data-mark=${row.pending?.mark ?? 'stored'}
  >
    ${mine ? nothing : html`<div class="side">${row.last ? face(row.role as 'bot' | 'agent', row.name) : nothing}</div>`}
    <div class="body">
      <div class=${row.first && !mine ? 'who' : 'sr'}>${row.name}</div>
      <div class="bubble" part=${`bubble bubble-${row.role}`} lang=${row.language ?? nothing}>
        ${mine ? plain(row.text) : rich(row.text)}
      </div>
      ${row.last || failed ? meta(widget, row, language) : nothing}
    </div>
  </div>`;
}

function meta(widget: Widget, row: MessageRow, language: Widget['shell']['language']): TemplateResult {
  const { t } = widget;
  const item = row.pending;
  if (item?.mark === 'failed') {
    const why = item.code === 'rate_limited' ? t('failedRate') : t('failed');
    return html`<div class="meta bad">
      <span>${icon.alert}${why}</span>
      <button type="button" data-testid="retry" @click=${() => widget.retry(item)}>${t('retry')}</button>
      <button type="button" @click=${() => widget.discard(item)}>${t('discard')}</button>
    </div>`;
  }
  const time =
    row.at === undefined
      ? nothing
      : html`<time datetime=${isoTime(row.at)} title=${fullTime(row.at, language)}>${clockTime(row.at, language)}</time>`;
  if (row.role !== 'visitor') return html`<div class="meta">${time}</div>`;
  return html`<div class="meta">
    ${time}${item?.mark === 'sending'
      ? html`<span class="mark" title=${t('sending')}>${icon.clock}<span class="sr">${t('sending')}</span></span>`
      : html`<span class="mark" title=${t('sent')}>${icon.check}<span class="sr">${t('sent')}</span></span>`}
  </div>`;
}

function replies(widget: Widget, state: VisitorState): TemplateResult | typeof nothing {
  const offered = quickReplies(state);
  if (!offered) return nothing;
  return html`<div class="replies" role="group" aria-label=${widget.t('quickReplies')}>
    ${offered.buttons.map(
      (button) => html`<button
        type="button"
        data-testid="quick-reply"
        data-id=${button.id}
        @click=${() => widget.press(button)}
      >
        ${button.title}
      </button>`,
    )}
  </div>`;
}

function typing(widget: Widget, state: VisitorState, ui: Ui): TemplateResult | typeof nothing {
  const { t } = widget;
  const agent = state.typing.agent && state.status === 'assigned';
  const bot = !agent && (state.typing.bot || (awaitsBot(state) && !ui.botLate));
  if (!agent && !bot) return nothing;
  const words = bot ? t('typingBot') : state.agent ? t('typingAgent', { name: state.agent }) : t('typingAgentUnnamed');
  return html`<div class="msg ${bot ? 'bot' : 'agent'} last typing" data-testid="typing">
    <div class="side">${face(bot ? 'bot' : 'agent', state.agent)}</div>
    <div class="body">
      <div class="bubble"><span class="sr">${words}</span><i></i><i></i><i></i></div>
    </div>
  </div>`;
}

function dock(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
  const { t } = widget;
  const length = [...ui.text.trim()].length;
  const over = length > MAX_TEXT;
  return html`<div class="dock">
    ${state.link === 'waiting' && state.retryAt !== null
      ? html`<div class="strip" data-testid="offline">
          <span>${t('offlineHint')}</span>
          <button type="button" @click=${() => widget.tryNow()}>${t('tryNow')}</button>
        </div>`
      : nothing}
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
    ${over
      ? html`<p class="over" id="silta-over" role="alert">${t('tooLong', { n: length, max: MAX_TEXT })}</p>`
      : nothing}
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
  return html`<div class="queue" data-testid="queue">
    <div role="status">
      <strong>${position === 1 ? t('queueNext') : t('queueTitle')}</strong>
      ${position !== null && position > 1 ? html`<span data-testid="position">${t('queuePosition', { n: position })}</span>` : nothing}
      ${wait
        ? html`<span
            >${wait[0] === wait[1] && wait[1] === 1
              ? t('queueEtaShort')
              : t('queueEta', { low: wait[0] ?? 1, high: wait[1] ?? 1 })}</span
          >`
        : nothing}
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
          (score) => html`<label class=${classMap({ on: score <= ui.score })}>
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
    ${ui.score
      ? html`<label class="sr" for="silta-comment">${t('ratingComment')}</label>
          <textarea id="silta-comment" rows="2" maxlength="1000" placeholder=${t('ratingComment')}></textarea>`
      : nothing}
    <div class="acts">
      <button type="button" class="plain" @click=${() => widget.edit({ ratingHidden: true })}>${t('ratingSkip')}</button>
      ${ui.score
        ? html`<button type="submit" class="firm" ?disabled=${state.rating === 'sending'}>${t('ratingSend')}</button>`
        : nothing}
    </div>
  </form>`;
}
