/** The right panel: why a person is needed, what the bot tried, who the visitor is. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import type { AgentState, Conversation } from '../core/agent';
import type { Language, Packet } from '../core/protocol';
import { LOCALE } from '../i18n/index';
import * as icon from './icons';
import { fullTime } from '../view/time';
import type { Desk } from './desk';
import type { Ui } from './ui';
import { entityName, languageName, topicName, visitorName } from './words';

export function details(desk: Desk, state: AgentState, ui: Ui): TemplateResult | typeof nothing {
  const { t } = desk;
  const conversation = ui.selected === null ? undefined : state.conversations.get(ui.selected);
  return html`<aside class="details" aria-label=${t('details')} data-testid="details">
    <header>
      <h2>${t('details')}</h2>
      <button
        type="button"
        class="tool narrow"
        aria-label=${t('hideDetails')}
        @click=${() => desk.edit({ details: false })}
      >
        ${icon.close}
      </button>
    </header>
    ${conversation?.opened ? content(desk, conversation) : nothing}
  </aside>`;
}

function content(desk: Desk, conversation: Conversation): TemplateResult {
  const { t } = desk;
  const packet = conversation.packet;
  return html`${packet ? summary(desk, packet) : html`<p class="soft pad">${t('noHandoff')}</p>`}
  ${packet ? tried(desk, conversation, packet) : nothing} ${found(desk, packet)} ${about(desk, conversation, packet)}`;
}

function summary(desk: Desk, packet: Packet): TemplateResult | typeof nothing {
  const { t } = desk;
  if (!packet.summary && !packet.failed_turns && !packet.masked) return nothing;
  return html`<section class="card">
    ${
      packet.summary
        ? html`<h3>${t('summary')}</h3>
            <p class="summary" data-testid="summary">${packet.summary}</p>`
        : nothing
    }
    ${packet.failed_turns ? html`<p class="soft">${t('failedTurns', { n: packet.failed_turns })}</p>` : nothing}
    ${packet.masked ? html`<p class="soft">${t('masked', { n: packet.masked })}</p>` : nothing}
  </section>`;
}

function tried(desk: Desk, conversation: Conversation, packet: Packet): TemplateResult | typeof nothing {
  const { t } = desk;
  const topics = packet.topics ?? [];
  if (!topics.length) return nothing;
  return html`<section class="card">
    <h3>${t('topics')}</h3>
    <ul class="topics">
      ${topics.map(
        (topic) =>
          html`<li>
            <button
              type="button"
              class="topic"
              ?disabled=${topic.of === undefined}
              @click=${() => topic.of !== undefined && desk.point(conversation.id, topic.of)}
            >
              <span>${topic.topic ? topicName(topic.topic, t, topic.title) : t('notUnderstood')}</span>
              <span class="soft">${topic.answered ? t('answered') : t('unanswered')}</span>
              ${topic.confidence === undefined ? nothing : meter(topic.confidence, desk.ui.state.language)}
            </button>
          </li>`,
      )}
    </ul>
  </section>`;
}

/** Confidence as a number with a bar beside it. */
export function meter(confidence: number, language: Language): TemplateResult {
  const percent = Math.round(confidence * 100);
  const words = new Intl.NumberFormat(LOCALE[language], { style: 'percent' }).format(percent / 100);
  return html`<span class="meter"
    ><svg viewBox="0 0 40 4" width="40" height="4" aria-hidden="true" preserveAspectRatio="none">
      <rect class="all" width="40" height="4" rx="2" />
      <rect class="part" width=${Math.max(2, (40 * percent) / 100)} height="4" rx="2" /></svg
    >${words}</span
  >`;
}

function plainValue(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function found(desk: Desk, packet: Packet | null): TemplateResult | typeof nothing {
  const entities = Object.entries(packet?.entities ?? {}).filter(([, value]) => value !== null && value !== '');
  if (!entities.length) return nothing;
  return html`<section class="card">
    <h3>${desk.t('entities')}</h3>
    <dl data-testid="entities">
      ${entities.map(
        ([name, value]) =>
          html`<div>
            <dt>${entityName(name, desk.t)}</dt>
            <dd>${plainValue(value)}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}

/** The page on which the visitor writes: a link only where it is a web address, whatever a browser claimed. */
function pageLink(page: string): TemplateResult {
  const words = page.replace(/^https?:\/\//, '');
  return /^https?:\/\/[^\s"'<>]+$/.test(page)
    ? html`<a href=${page} target="_blank" rel="noopener noreferrer nofollow">${words}</a>`
    : html`${words}`;
}

function about(desk: Desk, conversation: Conversation, packet: Packet | null): TemplateResult {
  const { t } = desk;
  const { language } = desk.ui.state;
  const { page } = packet?.visitor ?? {};
  const pairs: [string, string | TemplateResult][] = [
    [t('name'), packet?.visitor?.name || t('unnamed')],
    [t('speaks'), languageName(conversation.language, t)],
    [t('channel'), packet?.channel === 'messenger' ? t('channelMessenger') : t('channelWeb')],
  ];
  if (page) pairs.push([t('page'), pageLink(page)]);
  if (packet?.skill && packet.skill !== 'general') pairs.push([t('skill'), packet.skill]);
  if (packet?.waiting_since) pairs.push([t('since'), fullTime(packet.waiting_since, language)]);
  pairs.push([t('reference'), conversation.id]);
  const earlier = packet?.visitor?.earlier ?? [];
  return html`<section class="card">
    <h3>${t('about')}</h3>
    <dl>
      ${pairs.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    ${
      earlier.length
        ? html`<h3>${t('earlierConversations')}</h3>
            <ul class="topics">
              ${earlier.map(
                (one) =>
                  html`<li>
                    <button type="button" class="topic" @click=${() => desk.select(one.conversation)}>
                      <span>${visitorName(one.conversation, null, t)}</span>
                      <span class="soft">${one.at ? fullTime(one.at, language) : ''} ${one.outcome ?? ''}</span>
                    </button>
                  </li>`,
              )}
            </ul>`
        : nothing
    }
  </section>`;
}
