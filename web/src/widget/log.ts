/** The messages: what was said by whom and when, quick replies, who is typing. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { repeat } from 'lit/directives/repeat.js';
import { awaitsBot, caughtUp, quickReplies, unread, type VisitorState } from '../core/visitor';
import * as icon from '../view/icons';
import { names } from '../view/names';
import { plain, rich } from '../view/text';
import { clockTime, dayName, fullTime, initials, isoTime } from '../view/time';
import { attached } from './files';
import { type MessageRow, type Row, rows } from './items';
import type { Ui, Widget } from './widget';

/** Bot or person, as a small round picture. */
export function face(role: 'bot' | 'agent', name: string | null): TemplateResult {
  return role === 'agent' && name
    ? html`<span class="face agent" aria-hidden="true">${initials(name)}</span>`
    : html`<span class="face ${role}" aria-hidden="true">${role === 'bot' ? icon.bridge : icon.person}</span>`;
}

export function log(widget: Widget, state: VisitorState, ui: Ui): TemplateResult {
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
      aria-live=${caughtUp(state) && !ui.quiet ? 'polite' : 'off'}
      @scroll=${(event: Event) => widget.scrolled(event.currentTarget as HTMLElement)}
    >
      ${state.announcements.map(
        ({ id, text }) =>
          html`<div class="announcement" data-testid="announcement" data-id=${id}>
            <strong>${t('announcement')}</strong> ${plain(text)}
          </div>`,
      )}
      ${
        state.notice
          ? html`<div class="notice" data-testid="notice">
              ${icon.bridge}
              <div>
                ${rich(state.notice)}
                ${
                  widget.shell.privacy
                    ? html`<p>
                        <a href=${widget.shell.privacy} target="_blank" rel="noopener" data-testid="privacy"
                          >${t('privacy')}</a
                        >
                      </p>`
                    : nothing
                }
              </div>
            </div>`
          : state.link === 'waiting'
            ? nothing
            : html`<div class="notice wait">
                ${icon.bridge}
                <p>${t('loading')}</p>
              </div>`
      }
      ${
        from > 0
          ? html`<button
              type="button"
              class="quiet"
              @click=${() => widget.withMore((more) => more.earlier(widget))}
            >
              ${t('earlier')}
            </button>`
          : nothing
      }
      ${repeat(
        all.slice(from),
        (row) => row.key,
        (row) => rowView(widget, row),
      )}
      ${replies(widget, state)} ${typing(widget, state, ui)}
    </div>
    ${
      ui.atEnd
        ? nothing
        : html`<button type="button" class="jump" aria-label=${t('jump')} @click=${() => widget.toEnd()}>
            ${fresh ? html`<span>${t('newMessages', { n: fresh })}</span>` : nothing}${icon.down}
          </button>`
    }
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
    class=${names({ msg: true, [row.role]: true, first: row.first, last: row.last, failed })}
    data-testid="message"
    data-role=${row.role}
    data-seq=${row.seq ?? nothing}
    data-mark=${row.pending?.mark ?? 'stored'}
  >
    ${mine
      ? nothing
      : html`<div class="side">${row.last ? face(row.role as 'bot' | 'agent', row.name) : nothing}</div>`}
    <div class="body">
      <div class=${row.first && !mine ? 'who' : 'sr'}>${row.name}</div>
      ${
        row.text
          ? html`<div class="bubble" part=${`bubble bubble-${row.role}`} lang=${row.language ?? nothing}>
              ${mine ? plain(row.text) : rich(row.text)}
            </div>`
          : nothing
      }
      ${attached(widget, row.files)}
      ${row.last || failed || row.pending?.mark === 'waiting' ? meta(widget, row, language) : nothing}
    </div>
  </div>`;
}

function meta(widget: Widget, row: MessageRow, language: Widget['shell']['language']): TemplateResult {
  const { t } = widget;
  const item = row.pending;
  if (item?.mark === 'failed') {
    return html`<div class="meta bad">
      <span>${icon.alert}${t('failed')}</span>
      <button type="button" data-testid="retry" @click=${() => widget.retry(item)}>${t('retry')}</button>
      <button type="button" @click=${() => widget.discard(item)}>${t('discard')}</button>
    </div>`;
  }
  const time =
    row.at === undefined
      ? nothing
      : html`<time datetime=${isoTime(row.at)} title=${fullTime(row.at, language)}
          >${clockTime(row.at, language)}</time
        >`;
  if (row.role !== 'visitor') return html`<div class="meta">${time}</div>`;
  if (item?.mark === 'waiting') return html`<div class="meta">${icon.clock}${t('waits')}</div>`;
  return html`<div class="meta">
    ${time}${
      item?.mark === 'sending'
        ? html`<span class="mark" title=${t('sending')}>${icon.clock}<span class="sr">${t('sending')}</span></span>`
        : row.read
          ? html`<span class="mark read" data-testid="read">${icon.checks}${t('read')}</span>`
          : html`<span class="mark" title=${t('sent')}>${icon.check}<span class="sr">${t('sent')}</span></span>`
    }
  </div>`;
}

function replies(widget: Widget, state: VisitorState): TemplateResult | typeof nothing {
  const offered = quickReplies(state);
  // What is offered is not said before the owner's box is ticked, either.
  if (!offered || state.consent) return suggestions(widget, state);
  return html`<div class="replies" role="group" aria-label=${widget.t('quickReplies')}>
    ${offered.buttons.map(
      (button) =>
        html`<button type="button" data-testid="quick-reply" data-id=${button.id} @click=${() => widget.press(button)}>
          ${button.title}
        </button>`,
    )}
  </div>`;
}

/** Questions to begin with, while nothing has been said and the page's language is still the visitor's. */
function suggestions(widget: Widget, state: VisitorState): TemplateResult | typeof nothing {
  const { suggestions, language, pageLanguage } = widget.shell;
  const begun = state.log.events.length > 0 || state.pending.length > 0;
  if (begun || state.consent || !state.welcomed || !suggestions.length || language !== pageLanguage) return nothing;
  return html`<div class="replies begin" role="group" aria-label=${widget.t('quickReplies')}>
    ${suggestions.map(
      (text) =>
        html`<button type="button" data-testid="suggestion" @click=${() => widget.say(text)}>${text}</button>`,
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
