/** Calls and e-mails that were promised: the list, and the bar above the conversation they belong to. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { repeat } from 'lit/directives/repeat.js';
import type { AgentState } from '../core/agent';
import * as agent from '../core/agent';
import type { Task } from '../core/protocol';
import * as icon from './icons';
import { spanTime, whenTime } from '../view/time';
import type { ConsoleKey, Desk } from './desk';
import type { Ui } from './ui';
import { languageName, visitorName } from './words';

function when(task: Task, ui: Ui): string {
  if (task.from && task.to) return spanTime(task.from, task.to, ui.language);
  return task.by ? whenTime(task.by, ui.language) : '';
}

function holder(task: Task, state: AgentState): { id: string; name: string } | null {
  const { assignee } = task;
  if (!assignee) return null;
  const id = typeof assignee === 'string' ? assignee : assignee.id;
  const name = typeof assignee === 'string' ? undefined : assignee.name;
  return { id, name: name ?? (id === state.agent?.id ? state.agent.name : (state.agents.get(id)?.name ?? '')) };
}

export function calls(desk: Desk, state: AgentState, ui: Ui): TemplateResult {
  const { t } = desk;
  const all = agent.tasks(state);
  return html`<section class="list" aria-label=${t('calls')}>
    <header>
      <h2>${t('calls')}</h2>
      ${all.length ? html`<span class="count">${all.length}</span>` : nothing}
    </header>
    ${
      all.length
        ? html`<ul>
            ${repeat(
              all,
              (task) => task.id,
              (task) =>
                html`<li>
                  <button
                    type="button"
                    class="item"
                    data-testid="call"
                    data-call=${task.id}
                    data-conversation=${task.conversation}
                    aria-current=${ui.selected === task.conversation ? 'true' : 'false'}
                    @click=${() => desk.select(task.conversation)}
                  >
                    <span class="top">
                      <strong>${task.name || visitorName(task.conversation, null, t)}</strong>
                      ${task.late ? html`<span class="wait hot">${icon.clock}${t('late')}</span>` : nothing}
                      ${!task.late && task.due ? html`<span class="wait warm">${icon.clock}${t('due')}</span>` : nothing}
                    </span>
                    <span class="why">${when(task, ui)}</span>
                    <span class="tags">
                      <span class="tag">${task.kind === 'phone' ? t('byPhone') : t('byMail')}</span>
                      <span class="tag">${languageName(task.language, t)}</span>
                      ${holder(task, state) ? html`<span class="tag">${holder(task, state)?.name}</span>` : nothing}
                    </span>
                  </button>
                </li>`,
            )}
          </ul>`
        : html`<div class="nobody">
            ${icon.phone}
            <p>${t('callsEmpty')}</p>
          </div>`
    }
  </section>`;
}

/** What is still owed to this conversation's visitor, with what can be done about it. */
export function callBar(desk: Desk, state: AgentState, ui: Ui, id: string): TemplateResult {
  return html`${promised(desk, state, ui, id)} ${toCall(desk, state, ui, id)}`;
}

/** An answer that the visitor was promised by a time: it stands until its agent, or whoever leads, says that it is kept. */
function promised(desk: Desk, state: AgentState, ui: Ui, id: string): TemplateResult | typeof nothing {
  const { t } = desk;
  const line = state.queue.get(id);
  if (!line?.promise) return nothing;
  const may = line.assignee && (line.assignee.id === state.agent?.id || agent.leads(state));
  return html`<div class="bar" data-testid="promise-bar">
    ${icon.clock}
    <div>
      <strong>${t('promiseBy', { time: whenTime(line.promise.by, ui.language) })}</strong>
      ${line.promise.text ? html`<span class="soft" lang=${line.language}>${line.promise.text}</span>` : nothing}
    </div>
    ${
      may
        ? html`<button
            type="button"
            class="calm"
            data-testid="promise-kept"
            ?disabled=${ui.busy.has('kept')}
            @click=${() => void desk.attempt('kept', { type: 'snooze_end', conversation: id })}
          >
            ${t('promiseKept')}
          </button>`
        : nothing
    }
  </div>`;
}

/** The call or e-mail. Who has it gives it back; who leads takes it over from whoever has it. */
function toCall(desk: Desk, state: AgentState, ui: Ui, id: string): TemplateResult | typeof nothing {
  const { t } = desk;
  const task = agent.tasks(state).find((one) => one.conversation === id);
  if (!task) return nothing;
  const who = holder(task, state);
  const mine = who?.id === state.agent?.id;
  const address = task.kind === 'phone' ? task.phone : task.email;
  const open = (name: 'called' | 'move'): void => desk.edit({ dialog: { name, about: task.id } });
  const ask = (type: 'callback_take' | 'callback_release', words: ConsoleKey, look: 'firm' | 'calm', testid: string): TemplateResult =>
    html`<button
      type="button"
      class=${look}
      data-testid=${testid}
      ?disabled=${ui.busy.has('call')}
      @click=${() => void desk.attempt('call', { type, callback: task.id })}
    >
      ${t(words)}
    </button>`;
  return html`<div class="bar" data-testid="call-bar">
    ${icon.phone}
    <div>
      <strong>
        ${task.name ?? ''}
        ${address ? html`<a href=${`${task.kind === 'phone' ? 'tel' : 'mailto'}:${address}`}>${address}</a>` : nothing}
      </strong>
      <span class="soft">${when(task, ui)}${who && !mine ? ` · ${who.name}` : ''}</span>
    </div>
    ${
      mine
        ? html`${
              task.windows?.length
                ? html`<button type="button" class="calm" @click=${() => open('move')}>${t('callMove')}</button>`
                : nothing
            }
            ${ask('callback_release', 'callRelease', 'calm', 'call-release')}
            <button type="button" class="firm" data-testid="call-done" @click=${() => open('called')}>
              ${t('callDone')}
            </button>`
        : !who
          ? ask('callback_take', 'callTake', 'firm', 'call-take')
          : agent.leads(state)
            ? ask('callback_take', 'callTakeOver', 'calm', 'call-take-over')
            : nothing
    }
  </div>`;
}
