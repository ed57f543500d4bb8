/** Search in all conversations. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { live } from 'lit/directives/live.js';
import * as icon from './icons';
import { whenTime } from '../view/time';
import type { Found } from './api';
import type { Desk } from './desk';
import type { Ui } from './ui';
import { languageName, visitorName } from './words';

function nameOf({ visitor }: Found): string | null {
  return typeof visitor === 'string' ? visitor : (visitor?.name ?? null);
}

export function find(desk: Desk, ui: Ui): TemplateResult {
  const { t } = desk;
  return html`<section class="list" aria-label=${t('find')}>
    <header><h2>${t('find')}</h2></header>
    <form
      class="query"
      role="search"
      @submit=${(event: Event) => {
        event.preventDefault();
        void desk.search();
      }}
    >
      <label class="sr" for="query">${t('findWhat')}</label>
      <input
        id="query"
        type="search"
        data-testid="query"
        maxlength="200"
        placeholder=${t('findWhat')}
        .value=${live(ui.query)}
        @input=${(event: Event) => desk.edit({ query: (event.target as HTMLInputElement).value })}
      />
      <button type="submit" class="tool" aria-label=${t('find')} ?disabled=${ui.finding}>${icon.search}</button>
    </form>
    <p class="sr" role="status">${ui.found ? t('foundCount', { n: ui.found.length }) : ''}</p>
    ${
      ui.found?.length
        ? html`<ul>
            ${ui.found.map(
              (one) =>
                html`<li>
                  <button
                    type="button"
                    class="item"
                    data-testid="found"
                    data-conversation=${one.conversation}
                    aria-current=${ui.selected === one.conversation ? 'true' : 'false'}
                    @click=${() => desk.select(one.conversation)}
                  >
                    <span class="top">
                      <strong>${visitorName(one.conversation, nameOf(one), t)}</strong>
                      <span class="wait">${whenTime(one.at, ui.language)}</span>
                    </span>
                    <span class="last" lang=${one.language}>${one.snippet ?? ''}</span>
                    <span class="tags"><span class="tag">${languageName(one.language, t)}</span></span>
                  </button>
                </li>`,
            )}
          </ul>`
        : ui.found
          ? html`<div class="nobody">
              ${icon.search}
              <p>${t('foundNone')}</p>
            </div>`
          : nothing
    }
  </section>`;
}
