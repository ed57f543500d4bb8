/** The thread: the whole history in order, the bot's part folded, and the place to answer. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { classMap } from 'lit/directives/class-map.js';
import { keyed } from 'lit/directives/keyed.js';
import { repeat } from 'lit/directives/repeat.js';
import type { AgentState, Conversation } from '../core/agent';
import type { LogEvent } from '../core/protocol';
import * as icon from './icons';
import type { Desk } from './desk';
import type { Dialog, Ui } from './ui';
import { callBar } from './calls';
import { why } from './reasons';
import { composer } from './composer';
import * as agent from '../core/agent';
import { entry, pendingEntry } from './entry';
import { isMark, marksOf } from './marks';
import { since, standing, visitorName } from './words';

/** Events still to come above which a thread waits for all of them. */
const AT_ONCE = 100;
/** How much of the bot's part stays in sight before the handoff. */
const SHOWN_BEFORE = 8;

export function thread(desk: Desk, state: AgentState, ui: Ui): TemplateResult {
  const { t } = desk;
  const conversation = ui.selected === null ? undefined : state.conversations.get(ui.selected);
  if (ui.selected === null) {
    return html`<section class="thread none" aria-label=${t('thread')}>
      <div class="nobody">
        ${icon.bridge}
        <p>${t('noneOpen')}</p>
        <p class="soft">${t('noneOpenHint')}</p>
      </div>
    </section>`;
  }
  // A long history comes in many frames; drawn once at its end it takes a tenth of the time.
  const coming = conversation ? conversation.historyEnd - conversation.log.cursor : 0;
  if (!conversation?.opened || (coming > AT_ONCE && state.link === 'open')) {
    return html`<section class="thread none" aria-label=${t('thread')}>
      <div class="nobody" role="status">
        ${icon.bridge}
        <p>${t('loading')}</p>
      </div>
    </section>`;
  }
  return html`<section class="thread" aria-label=${t('thread')} data-testid="thread" data-conversation=${conversation.id}>
    ${head(desk, state, ui, conversation)} ${why(desk, conversation)} ${callBar(desk, state, ui, conversation.id)} ${company(desk, conversation)}
    ${
      // Made anew for each conversation: rows that took the place of others would be read out one by one.
      keyed(conversation.id, log(desk, state, ui, conversation))
    }
    ${foot(desk, state, ui, conversation)}
  </section>`;
}

function head(desk: Desk, state: AgentState, ui: Ui, conversation: Conversation): TemplateResult {
  const { t } = desk;
  const name = visitorName(conversation.id, conversation.packet?.visitor?.name, t);
  const waitingSince = state.queue.get(conversation.id)?.waiting_since ?? conversation.packet?.waiting_since;
  const mine = isMine(state, conversation);
  return html`<header class="head">
    <button type="button" class="tool back" aria-label=${t('back')} @click=${() => desk.select(null)}>
      ${icon.back}
    </button>
    <div class="title">
      <h2>${name}</h2>
      <p class="soft" data-testid="standing" data-status=${conversation.status}>
        <i class="state ${conversation.status}" aria-hidden="true"></i>${standing(conversation, state, t)}${
          conversation.status === 'queued' && waitingSince
            ? html` · ${t('waiting', { time: since(waitingSince, ui.now, t) })}`
            : nothing
        }
      </p>
    </div>
    ${
      mine
        ? html`<div class="acts" role="group" aria-label=${t('actions')}>
            <button
              type="button"
              class="calm"
              data-testid="return-to-bot"
              title=${t('returnToBot')}
              ?disabled=${ui.busy.has('return')}
              @click=${() => void desk.returnToBot(conversation.id)}
            >
              ${icon.returnArrow}<span>${t('returnToBot')}</span>
            </button>
            <button
              type="button"
              class="calm"
              data-testid="transfer"
              title=${t('transfer')}
              @click=${() => desk.edit({ dialog: { name: 'transfer', about: conversation.id } })}
            >
              ${icon.shift}<span>${t('transfer')}</span>
            </button>
            <button
              type="button"
              class="calm keep"
              data-testid="resolve"
              ?disabled=${ui.busy.has('resolve')}
              @click=${() => void desk.resolve(conversation.id)}
            >
              ${icon.check}<span>${t('resolve')}</span>
            </button>
            ${moreMenu(desk, ui, conversation)}
          </div>`
        : nothing
    }
    <button
      type="button"
      class="tool"
      data-testid="toggle-details"
      aria-label=${ui.details ? t('hideDetails') : t('details')}
      aria-expanded=${ui.details}
      @click=${() => desk.edit({ details: !ui.details })}
    >
      ${icon.panelRight}
    </button>
  </header>`;
}

/** What is done more rarely. */
function moreMenu(desk: Desk, ui: Ui, { id }: Conversation): TemplateResult {
  const { t } = desk;
  const item = (name: Dialog['name'], words: string): TemplateResult =>
    html`<button
      type="button"
      data-testid=${`ask-${name}`}
      @click=${() => desk.edit({ more: false, dialog: { name, about: id } })}
    >
      ${words}
    </button>`;
  return html`<div class="more">
    <button
      type="button"
      class="tool"
      data-testid="more"
      aria-label=${t('more')}
      aria-expanded=${ui.more}
      aria-controls="more"
      @click=${() => desk.edit({ more: !ui.more })}
    >
      ${icon.dots}
    </button>
    ${
      ui.more
        ? html`<div class="menu" id="more">
            ${item('snooze', t('snooze'))} ${item('help', t('askHelp'))} ${item('approval', t('askApproval'))}
            ${item('outcome', t('resolveAs'))} ${item('return', t('returnWith'))}
            ${desk.macros.map((macro) => {
              const words = macro.title[ui.language] ?? macro.key;
              const dialog: Dialog = { name: 'macro', about: id, macro: macro.key };
              return html`<button
                type="button"
                data-testid="macro"
                data-key=${macro.key}
                @click=${() => desk.edit({ more: false, dialog })}
              >
                ${icon.bolt}${words}
              </button>`;
            })}
            <button type="button" data-testid="mark-unread" @click=${() => desk.markUnread(id)}>${t('markUnread')}</button>
            ${agent.leads(desk.store.state) ? html`${item('export', t('export'))} ${item('erase', t('erase'))}` : nothing}
          </div>`
        : nothing
    }
  </div>`;
}

/** Who else looks at this conversation or writes in it: two answers would confuse the visitor. */
function company(desk: Desk, conversation: Conversation): TemplateResult {
  const { t } = desk;
  const writers = [...conversation.writers.values()];
  const viewers = [...conversation.viewers].filter(([id]) => !conversation.writers.has(id)).map(([, name]) => name);
  const words = [
    writers.length ? t('alsoWriting', { names: writers.join(', ') }) : '',
    viewers.length ? t('alsoViewing', { names: viewers.join(', ') }) : '',
  ].filter(Boolean);
  return html`<div class=${words.length ? 'company' : ''} role="status" data-testid="company">
    ${words.length ? html`${icon.eye}${words.join(' · ')}` : nothing}
  </div>`;
}

export function isMine(state: AgentState, conversation: Conversation): boolean {
  return conversation.status === 'assigned' && conversation.assignee?.id === state.agent?.id;
}

/** Evidence words by the message in which they stand, from packet and NLU events alike. */
function evidenceOf(conversation: Conversation): Map<number, string[]> {
  const found = new Map<number, string[]>();
  const add = (of: number | undefined, words: string[] | undefined): void => {
    if (of !== undefined && words?.length) found.set(of, [...(found.get(of) ?? []), ...words]);
  };
  for (const reason of conversation.packet?.reasons ?? []) add(reason.of, reason.evidence);
  for (const event of conversation.log.events) {
    for (const reason of event.kind === 'handoff' ? (event.reasons ?? []) : []) add(reason.of, reason.evidence);
  }
  return found;
}

function log(desk: Desk, state: AgentState, ui: Ui, conversation: Conversation): TemplateResult {
  const { t } = desk;
  const nlu = new Map<number, LogEvent>();
  const rows: LogEvent[] = [];
  const marks = marksOf(conversation.log.events);
  for (const event of conversation.log.events) {
    if (isMark(event)) continue;
    if (event.kind === 'nlu' && event.of !== undefined) nlu.set(event.of, event);
    else rows.push(event);
  }
  const evidence = evidenceOf(conversation);
  const { from, bot } = fold(rows, ui, conversation.id);
  const fresh = ui.atEnd ? 0 : agent.unread(conversation);
  const news = fresh ? t('newMessages', { n: fresh }) : '';
  return html`<div
    class="log"
    role="log"
    tabindex="0"
    aria-label=${t('thread')}
    aria-live=${conversation.log.cursor >= conversation.historyEnd && !ui.recalling ? 'polite' : 'off'}
    @scroll=${(event: Event) => desk.scrolled(event.currentTarget as HTMLElement)}
  >
    <div class="lines">
      ${
        from > 0
          ? html`<button
              type="button"
              class="unfold"
              data-testid="unfold"
              @click=${() => desk.unfold(conversation.id)}
            >
              ${bot ? t('earlierBot', { n: from }) : t('earlierAll', { n: from })}
            </button>`
          : nothing
      }
      ${repeat(
        rows.slice(from),
        (event) => event.client_id ?? event.seq,
        (event, index) =>
          entry(
            desk,
            state,
            ui,
            conversation,
            event,
            rows[from + index - 1],
            nlu.get(event.seq),
            evidence.get(event.seq) ?? [],
            marks,
          ),
      )}
      ${repeat(
        conversation.pending,
        (item) => item.id,
        (item) => pendingEntry(desk, state, conversation, item),
      )}
      <div
        class=${classMap({ typing: true, on: conversation.visitorTyping })}
        aria-hidden=${!conversation.visitorTyping}
      >
        ${conversation.visitorTyping ? html`<i></i><i></i><i></i><span>${t('typing')}</span>` : nothing}
      </div>
    </div>
    ${
      ui.atEnd
        ? nothing
        : html`<button
            type="button"
            class="jump"
            data-testid="jump"
            aria-label=${news ? `${news}. ${t('jump')}` : t('jump')}
            @click=${() => desk.edit({ atEnd: true })}
          >
            ${news ? html`<span>${news}</span>` : nothing}${icon.down}
          </button>`
    }
  </div>`;
}

/** Where the thread starts: a long part with the bot is folded up to shortly before a person was asked for. */
function fold(rows: readonly LogEvent[], ui: Ui, id: string): { from: number; bot: boolean } {
  const page = Math.max(0, rows.length - ui.shown);
  if (ui.unfolded.has(id)) return { from: page, bot: false };
  const handoff = rows.findIndex((event) => event.kind === 'handoff' || event.kind === 'assigned');
  const bot = handoff < 0 ? 0 : handoff - SHOWN_BEFORE;
  // Hiding one or two lines would cost as much room as showing them.
  return bot > 2 && bot >= page ? { from: bot, bot: true } : { from: page, bot: false };
}

function foot(desk: Desk, state: AgentState, ui: Ui, conversation: Conversation): TemplateResult {
  const { t } = desk;
  if (isMine(state, conversation)) return composer(desk, ui, conversation, true);
  if (conversation.joined) {
    return html`<div class="stand joined">
        <p>${t('steppedIn')}</p>
        <button type="button" class="calm" data-testid="step-out" @click=${() => void desk.step(conversation.id, false)}>
          ${t('stepOut')}
        </button>
      </div>
      ${composer(desk, ui, conversation, true)}`;
  }
  const words = {
    queued: t('claimHint'),
    assigned: t('heldBy', { name: conversation.assignee?.name ?? '' }),
    bot: t('withBot'),
    resolved: t('closed'),
  }[conversation.status];
  return html`<div class="stand">
    <p>${words}</p>
    ${
      conversation.status === 'queued'
        ? html`<button
            type="button"
            class="firm"
            data-testid="claim"
            ?disabled=${ui.busy.has('claim')}
            @click=${() => void desk.claim(conversation.id)}
          >
            ${t('claim')}
          </button>`
        : conversation.status === 'assigned' && agent.leads(state)
          ? html`<button
              type="button"
              class="calm"
              data-testid="step-in"
              ?disabled=${ui.busy.has('join')}
              @click=${() => void desk.step(conversation.id, true)}
            >
              ${t('stepIn')}
            </button>`
          : nothing
    }
  </div>`;
}
