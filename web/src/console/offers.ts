/** What wants an answer now, over everything else: conversations offered to this agent, and alerts. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { repeat } from 'lit/directives/repeat.js';
import type { AgentState } from '../core/agent';
import type { Frame, Offer } from '../core/protocol';
import * as icon from './icons';
import type { ConsoleKey, Desk } from './desk';
import type { Ui } from './ui';
import { languageName, priorityName, reasonText, visitorName } from './words';

const WHY: Readonly<Record<string, ConsoleKey>> = {
  language: 'whyLanguage',
  skill: 'whySkill',
  same_agent: 'whySticky',
  idle_longest: 'whyIdle',
  other_language: 'whyOverflow',
  least_busy: 'whyLeastBusy',
};

/** An offer with its end by the clock that says `now`: counted from when it came, since no two machines' clocks agree. */
export function counted(offer: Frame, now: number): Frame {
  const { left_s: left } = offer;
  return typeof left === 'number' ? { ...offer, expires_at: new Date(now + left * 1_000).toISOString() } : offer;
}

export function urgent(desk: Desk, state: AgentState, ui: Ui): TemplateResult | typeof nothing {
  if (!state.offers.size && !state.alerts.length) return nothing;
  return html`<section class="urgent" aria-label=${desk.t('urgent')}>
    ${repeat(
      state.offers.values(),
      (offer) => offer.conversation,
      (offer) => offerView(desk, ui, offer),
    )}
    ${repeat(
      state.alerts,
      (alert) => alert.id,
      (alert) =>
        html`<div class="alert ${alert.kind}" role="alert" data-testid="alert">
          ${icon.alert}<span>${alert.text}</span>
          ${
            alert.conversation
              ? html`<button type="button" class="text" @click=${() => desk.select(alert.conversation as string)}>
                  ${desk.t('open')}
                </button>`
              : nothing
          }
          <button type="button" class="tool" aria-label=${desk.t('dismiss')} @click=${() => desk.quiet(alert.id)}>
            ${icon.close}
          </button>
        </div>`,
    )}
  </section>`;
}

function offerView(desk: Desk, ui: Ui, offer: Offer): TemplateResult {
  const { t } = desk;
  const { entry, conversation } = offer;
  const left = Math.max(0, Math.ceil((new Date(offer.expires_at).getTime() - ui.now) / 1_000));
  // A code may carry a detail: `other_language:en`.
  const why = (offer.why ?? []).flatMap((code) => WHY[code.split(':')[0] ?? ''] ?? []).map((key) => t(key));
  return html`<div class="offer" role="group" aria-label=${t('offerTitle')} data-testid="offer" data-conversation=${conversation}>
    <header>
      <strong role="status">${t('offerTitle')}</strong>
      <span class="left" aria-hidden="true" data-testid="offer-left">${t('seconds', { n: left })}</span>
    </header>
    <p>
      ${visitorName(conversation, entry?.visitor?.name, t)}
      ${entry ? html`<span class="tag">${languageName(entry.language, t)}</span>` : nothing}
      ${
        entry && entry.priority !== 'normal'
          ? html`<span class="tag ${entry.priority}">${icon.alert}${priorityName(entry.priority, t)}</span>`
          : nothing
      }
    </p>
    ${entry?.reason ? html`<p class="why">${reasonText(entry.reason, t)}</p>` : nothing}
    ${entry?.last_text ? html`<p class="last" lang=${entry.language}>${entry.last_text}</p>` : nothing}
    ${why.length ? html`<p class="soft">${why.join(' · ')}</p>` : nothing}
    <div class="send">
      <button
        type="button"
        class="calm"
        data-testid="decline"
        ?disabled=${ui.busy.has(`decline ${conversation}`)}
        @click=${() => void desk.decline(conversation)}
      >
        ${t('decline')}
      </button>
      <button
        type="button"
        class="firm"
        data-testid="accept"
        ?disabled=${ui.busy.has('accept')}
        @click=${() => void desk.accept(conversation)}
      >
        ${t('accept')}
      </button>
    </div>
  </div>`;
}
