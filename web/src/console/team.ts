/** The shift at a glance, for who leads it: who is there with how much, who waits longest, what is announced. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import type { AgentState } from '../core/agent';
import * as agent from '../core/agent';
import * as icon from './icons';
import { initials } from '../view/time';
import type { Desk } from './desk';
import type { Ui } from './ui';
import { languageName, minutesSince, urgency, visitorName } from './words';

export function team(desk: Desk, state: AgentState, ui: Ui): TemplateResult {
  const { t } = desk;
  const waits = agent.waiting(state);
  const longest = [...waits].sort((a, b) => (a.waiting_since < b.waiting_since ? -1 : 1))[0];
  const others = agent.elsewhere(state);
  const order = { online: 0, away: 1, offline: 2 };
  const people = [...state.agents.values()].sort(
    (a, b) => order[a.presence ?? 'offline'] - order[b.presence ?? 'offline'] || a.name.localeCompare(b.name),
  );
  return html`<section class="list team" aria-label=${t('team')}>
    <header><h2>${t('team')}</h2></header>
    <div class="scroll">
      <dl class="figures">
        <div>
          <dt>${t('queue')}</dt>
          <dd>${waits.length}</dd>
        </div>
        <div>
          <dt>${t('longestWait')}</dt>
          <dd class=${longest ? urgency(longest.waiting_since, ui.now) : ''}>
            ${longest ? minutesSince(longest.waiting_since, ui.now, t) : '–'}
          </dd>
        </div>
        <div>
          <dt>${t('online')}</dt>
          <dd>${people.filter((one) => one.presence === 'online').length}</dd>
        </div>
      </dl>
      <ul class="people">
        ${people.map(
          (one) =>
            html`<li data-testid="colleague">
              <span class="face own" aria-hidden="true">${initials(one.name)}</span>
              <div>
                <strong>${one.name}</strong>
                <span class="soft"
                  ><i class="presence ${one.presence ?? 'offline'}" aria-hidden="true"></i> ${t(one.presence ?? 'offline')}
                  · ${agent.load(state, one.id)}/${one.capacity ?? '–'}
                  · ${(one.languages ?? []).join(', ')}</span
                >
              </div>
            </li>`,
        )}
      </ul>
      ${others.length ? html`<h3>${t('underway')}</h3>` : nothing}
      <ul>
        ${others.map(
          (entry) =>
            html`<li>
              <button
                type="button"
                class="item"
                data-testid="underway"
                data-conversation=${entry.conversation}
                aria-current=${ui.selected === entry.conversation ? 'true' : 'false'}
                @click=${() => desk.select(entry.conversation)}
              >
                <span class="top"><strong>${visitorName(entry.conversation, entry.visitor?.name, t)}</strong></span>
                <span class="last" lang=${entry.language}>${entry.last_text ?? ''}</span>
                <span class="tags">
                  <span class="tag">${entry.assignee?.name ?? ''}</span>
                  <span class="tag">${languageName(entry.language, t)}</span>
                </span>
              </button>
            </li>`,
        )}
      </ul>
      <h3>${t('announcements')}</h3>
      <ul class="told">
        ${state.announcements.map(
          (one) =>
            html`<li>
              <span>${one.texts?.[ui.language] ?? one.text}</span>
              <button
                type="button"
                class="text"
                @click=${() => void desk.attempt('announce', { type: 'announce_end', announcement: one.id })}
              >
                ${t('announceEnd')}
              </button>
            </li>`,
        )}
      </ul>
      <button
        type="button"
        class="calm"
        data-testid="announce"
        @click=${() => desk.edit({ dialog: { name: 'announce', about: '' } })}
      >
        ${icon.horn}${t('announce')}
      </button>
    </div>
  </section>`;
}
