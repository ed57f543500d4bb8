/** Stars for whom the visitor dealt with: the person and the bot apart, each only if they took part. */
import type { nothing as Nothing, TemplateResult } from 'lit/html.js';
import { helpers, type VisitorState } from '../core/visitor';
import { rate } from './acts';
import { html, live, nothing } from './kit';
import type { Ui, Widget } from './widget';

type Rated = 'agent' | 'bot';

/** Not among the icons, which the panel would carry. */
const star = (): TemplateResult => html`<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"
  stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"><path d="M12 3.6l2.5 5.3 5.8.750-4.25 4.050
  1.05 5.8L12 16.7l-5.1 2.8 1.05-5.8L3.7 9.65l5.8-.75z"/></svg>`;

export function ratings(widget: Widget, state: VisitorState, ui: Ui): TemplateResult | typeof Nothing {
  const { t } = widget;
  if (ui.ratingHidden || state.rating === 'unavailable') return nothing;
  // The log's own line thanks; without one, this does.
  if (state.rating === 'done') {
    const thanked = state.log.events.some((event) => event.kind === 'rating');
    return thanked ? nothing : html`<div class="rating thanks" role="status">${t('ratingThanks')}</div>`;
  }
  const { agent, bot } = helpers(state);
  const given = ui.scores.agent || ui.scores.bot;
  return html`<form
    class="rating"
    data-testid="rating"
    @submit=${(event: Event) => {
      event.preventDefault();
      const comment = (event.target as HTMLFormElement).querySelector('textarea')?.value ?? '';
      void rate(widget, comment);
    }}
  >
    ${agent === null ? nothing : stars(widget, ui, 'agent', agent ? t('rateAgent', { name: agent }) : t('ratingTitle'))}
    ${bot || agent === null ? stars(widget, ui, 'bot', t('rateBot')) : nothing}
    ${
      given
        ? html`<label class="sr" for="silta-comment">${t('ratingComment')}</label>
            <textarea id="silta-comment" rows="2" maxlength="1000" placeholder=${t('ratingComment')}></textarea>`
        : nothing
    }
    <div class="acts">
      <button type="button" class="plain" @click=${() => widget.edit({ ratingHidden: true })}>
        ${t('ratingSkip')}
      </button>
      ${
        given
          ? html`<button type="submit" class="firm" aria-disabled=${state.rating === 'sending'}>${t('ratingSend')}</button>`
          : nothing
      }
    </div>
  </form>`;
}

function stars(widget: Widget, ui: Ui, who: Rated, title: string): TemplateResult {
  const mine = ui.scores[who];
  return html`<fieldset data-of=${who}>
    <legend>${title}</legend>
    <div class="stars">
      ${[1, 2, 3, 4, 5].map(
        (score) =>
          html`<label class=${score <= mine ? 'on' : ''}>
            <input
              type="radio"
              name=${`silta-score-${who}`}
              class="sr"
              .checked=${live(mine === score)}
              @change=${() => widget.edit({ scores: { ...ui.scores, [who]: score } })}
            />
            <span class="sr">${widget.t('ratingScore', { n: score })}</span>${star()}
          </label>`,
      )}
    </div>
  </fieldset>`;
}
