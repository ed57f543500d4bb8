/** The conversation list: who waits, what is mine, what others hold. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import type { AgentState } from '../core/agent';
import * as agent from '../core/agent';
import type { QueueEntry } from '../core/protocol';
import * as icon from './icons';
import type { Attachment } from './marks';
import { whenTime } from '../view/time';
import type { Desk } from './desk';
import type { Ui } from './ui';
import { languageName, priorityName, reasonText, since, urgency, visitorName } from './words';

/** What a row shows, whichever view it stands in. */
interface Item {
  id: string;
  entry: QueueEntry | null;
  conversation: agent.Conversation | null;
}

function items(state: AgentState, ui: Ui): Item[] {
  const row = (entry: QueueEntry): Item => ({
    id: entry.conversation,
    entry,
    conversation: state.conversations.get(entry.conversation) ?? null,
  });
  if (ui.view === 'queue') return agent.waiting(state).map(row);
  if (ui.view === 'others') return agent.elsewhere(state).map(row);
  return state.mine.map((id) => ({
    id,
    entry: state.queue.get(id) ?? null,
    conversation: state.conversations.get(id) ?? null,
  }));
}

export function list(desk: Desk, state: AgentState, ui: Ui): TemplateResult {
  const { t } = desk;
  const all = items(state, ui);
  const title = ui.view === 'queue' ? t('queue') : ui.view === 'mine' ? t('mine') : t('others');
  const stop = all.some((item) => item.id === ui.selected) ? ui.selected : all[0]?.id;
  return html`<section class="list" aria-label=${t('list')}>
    <header>
      <h2>${title}</h2>
      ${all.length ? html`<span class="count">${all.length}</span>` : nothing}
    </header>
    ${
      all.length
        ? html`<ul @keydown=${walk}>
            ${repeat(
              all,
              (item) => item.id,
              // A row is drawn again only when what it shows has changed: with hundreds waiting, most have not.
              (item) =>
                html`<li>
                  ${guard(
                    [
                      item.entry,
                      item.conversation,
                      ui.view,
                      ui.now,
                      ui.language,
                      item.id === ui.selected,
                      item.id === ui.selected && ui.atEnd,
                      item.id === stop,
                    ],
                    () => row(desk, item, ui, item.id === stop),
                  )}
                </li>`,
            )}
          </ul>`
        : empty(desk, ui)
    }
  </section>`;
}

function empty(desk: Desk, ui: Ui): TemplateResult {
  const { t } = desk;
  const [words, hint] =
    ui.view === 'queue'
      ? [t('queueEmpty'), t('queueEmptyHint')]
      : ui.view === 'mine'
        ? [t('mineEmpty'), t('mineEmptyHint')]
        : [t('othersEmpty'), ''];
  return html`<div class="nobody">
    ${icon.bridge}
    <p>${words}</p>
    <p class="soft">${hint}</p>
  </div>`;
}

/** Arrow keys walk the list; Tab passes it by in one step. */
function walk(event: KeyboardEvent): void {
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  const step = steps[event.key];
  if (step === undefined) return;
  const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('.item')];
  const here = all.indexOf((event.target as HTMLElement).closest<HTMLElement>('.item') as HTMLElement);
  if (here < 0) return;
  event.preventDefault();
  all[Math.min(all.length - 1, Math.max(0, here + step))]?.focus();
}

function row(desk: Desk, item: Item, ui: Ui, stop: boolean): TemplateResult {
  const { t } = desk;
  const { entry, conversation } = item;
  const name = visitorName(item.id, entry?.visitor?.name ?? conversation?.packet?.visitor?.name, t);
  const language = entry?.language ?? conversation?.language ?? '';
  const inSight = ui.selected === item.id && ui.atEnd;
  const unread = conversation && !inSight ? agent.unread(conversation) : 0;
  // To choose from the queue one needs the visitor's words; in one's own conversations, where things stand.
  const roles = ui.view === 'mine' ? ['visitor', 'agent'] : ['visitor'];
  const last = conversation?.log.events.findLast(
    (event) =>
      event.kind === 'message' &&
      (event.text || event.attachments?.length) &&
      roles.includes(event.author?.role ?? ''),
  );
  const [file] = (last?.attachments ?? []) as Attachment[];
  const text = (last && (last.text || file?.name || t('filePicture'))) ?? entry?.last_text ?? '';
  const priority = entry?.priority ?? conversation?.packet?.priority ?? 'normal';
  return html`<button
    type="button"
    class="item"
    data-testid="queue-item"
    data-conversation=${item.id}
    data-priority=${priority}
    tabindex=${stop ? 0 : -1}
    aria-current=${ui.selected === item.id ? 'true' : 'false'}
    @click=${() => desk.select(item.id)}
  >
    <span class="top">
      <strong>${name}</strong>
      ${unread ? badge(unread, t('unread', { n: unread })) : nothing}
      ${entry ? wait(desk, entry, ui) : nothing}
    </span>
    ${entry?.reason ? html`<span class="why">${reasonText(entry.reason, t)}</span>` : nothing}
    <span class="last" lang=${language || nothing}>${text}</span>
    <span class="tags">
      ${priority === 'normal' ? nothing : tag(priority, priorityName(priority, t), icon.alert)}
      ${tag('', languageName(language, t))}
      ${entry?.channel === 'messenger' ? tag('', t('channelMessenger'), icon.messenger) : nothing}
      ${entry?.snoozed_until ? tag('', t('snoozedUntil', { time: whenTime(entry.snoozed_until, ui.language) })) : nothing}
      ${entry?.promise ? tag('high', t('promiseBy', { time: whenTime(entry.promise.by, ui.language) }), icon.clock) : nothing}
      ${ui.view === 'others' && entry?.assignee ? tag('', entry.assignee.name) : nothing}
    </span>
  </button>`;
}

function badge(count: number, words: string): TemplateResult {
  return html`<b class="unread"><span aria-hidden="true">${count}</span><span class="sr">${words}</span></b>`;
}

function tag(look: string, words: string, picture: unknown = nothing): TemplateResult {
  return html`<span class="tag ${look}">${picture}${words}</span>`;
}

function wait(desk: Desk, entry: QueueEntry, ui: Ui): TemplateResult {
  const { t } = desk;
  const words = since(entry.waiting_since, ui.now, t);
  if (entry.status === 'assigned') return html`<span class="wait"></span>`;
  return html`<span class="wait ${urgency(entry.waiting_since, ui.now)}">
    ${icon.clock}<span class="sr">${t('waiting', { time: words })}</span><span aria-hidden="true">${words}</span>
  </span>`;
}
