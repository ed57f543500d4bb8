/** Why a person is needed, above the history: each reason in words, with the visitor's own words that show it. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import type { Conversation } from '../core/agent';
import type { Reason } from '../core/protocol';
import * as icon from './icons';
import type { Desk } from './desk';
import { priorityName, reasonText } from './words';

export function why(desk: Desk, conversation: Conversation): TemplateResult | typeof nothing {
  const { t } = desk;
  const { packet, status } = conversation;
  const reasons = packet?.reasons ?? [];
  // Once it is over, what brought a person in is history like all the rest.
  if (!packet || !reasons.length || status === 'resolved' || status === 'bot') return nothing;
  // An open menu lies over it: what is half covered is not to be pressed.
  return html`<section class="because" aria-label=${t('handoff')} ?inert=${desk.ui.state.more}>
    ${
      packet.priority && packet.priority !== 'normal'
        ? html`<span class="tag ${packet.priority}">${icon.alert}${priorityName(packet.priority, t)}</span>`
        : nothing
    }
    <ul class="reasons" data-testid="reasons">
      ${reasons.map((reason) => row(desk, conversation, reason))}
    </ul>
  </section>`;
}

function row(desk: Desk, conversation: Conversation, reason: Reason): TemplateResult {
  const { t } = desk;
  const words = (reason.evidence ?? []).filter(Boolean);
  return html`<li data-code=${reason.code} data-topic=${reason.topic ?? ''}>
    <strong>${reasonText(reason, t)}</strong>
    ${
      words.length
        ? html`<span class="evidence">
            <span class="sr">${t('evidence')}:</span>
            ${words.map((word) => html`<mark lang=${conversation.language}>${word}</mark>`)}
          </span>`
        : nothing
    }
    ${
      reason.of
        ? html`<button type="button" class="text" @click=${() => desk.point(conversation.id, reason.of as number)}>
            ${t('showMessage')}
          </button>`
        : nothing
    }
  </li>`;
}
