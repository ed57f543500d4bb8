/** One line of a thread: a message with what the bot understood, a note, or an event. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { classMap } from 'lit/directives/class-map.js';
import { type AgentState, type Conversation, type Draft, leads } from '../core/agent';
import { type Approval, type Callback, type Emotion, isLanguage, type Language, type LogEvent } from '../core/protocol';
import { personOf } from '../core/visitor';
import * as icon from './icons';
import { plain } from '../view/marked';
import { rich } from '../view/text';
import { clockTime, fullTime, initials, isoTime } from '../view/time';
import type { ConsoleKey, Desk } from './desk';
import { type AllMarks, covered, files, smallPrint, wording } from './marks';
import type { Ui } from './ui';
import { meter } from './details';
import { emotionName, entityName, languageName, reasonText, topicName, visitorName } from './words';

export function entry(
  desk: Desk,
  state: AgentState,
  ui: Ui,
  conversation: Conversation,
  event: LogEvent,
  before: LogEvent | undefined,
  nlu: LogEvent | undefined,
  evidence: readonly string[],
  marks: AllMarks,
): TemplateResult {
  const role = event.author?.role ?? 'system';
  if (event.kind === 'note') return noteView(desk, ui, event);
  if (event.kind !== 'message' || role === 'system') return line(desk, state, ui, conversation, event);
  const own = role === 'agent' && event.author?.id === state.agent?.id;
  const name =
    role === 'visitor'
      ? visitorName(conversation.id, conversation.packet?.visitor?.name, desk.t)
      : role === 'bot'
        ? desk.t('bot')
        : (event.author?.name ?? '');
  const run =
    before?.kind === 'message' && before.author?.role === role && before.author?.name === event.author?.name && !nlu;
  const said = wording(event, marks.of.get(event.seq));
  return html`<article
    class=${classMap({ entry: true, [role]: true, own, run: Boolean(run), pointed: ui.pointed === event.seq })}
    data-testid="message"
    data-role=${role}
    data-seq=${event.seq}
    tabindex="-1"
  >
    ${face(role, name)}
    <div class="body">
      <p class=${run ? 'sr' : 'by'}><strong>${name}</strong> ${time(event.at, ui.language)}</p>
      <div class="bubble" lang=${event.language ?? nothing} ?hidden=${said === '' && Boolean(event.attachments?.length)}>
        ${
          said === null
            ? html`<em>${desk.t('unsent')}</em>`
            : role === 'visitor'
              ? plain(said, evidence)
              : rich(said)
        }
      </div>
      ${said === null ? nothing : files(desk, event)} ${covered(desk, conversation.id, event)} ${smallPrint(desk, event, marks)}
      ${
        event.buttons?.length
          ? html`<p class="offered">
              <span>${desk.t('offered')}:</span> ${event.buttons.map((b) => html`<span class="chip">${b.title}</span>`)}
            </p>`
          : nothing
      }
      ${nlu ? understood(desk, nlu) : nothing}
    </div>
  </article>`;
}

function face(role: string, name: string): TemplateResult {
  return html`<span class="face ${role}" aria-hidden="true"
    >${role === 'bot' ? icon.bridge : role === 'visitor' ? icon.person : initials(name)}</span
  >`;
}

function time(at: string | undefined, language: Language): TemplateResult | typeof nothing {
  if (!at) return nothing;
  return html`<time datetime=${isoTime(at)} title=${fullTime(at, language)}>${clockTime(at, language)}</time>`;
}

/** What the bot made of a visitor's message: one line, and more on demand. */
function understood(desk: Desk, nlu: LogEvent): TemplateResult {
  const { t } = desk;
  const emotion =
    typeof nlu.emotion === 'string' ? { label: nlu.emotion } : (nlu.emotion as Emotion | null | undefined);
  const label = emotion?.label ?? emotion?.name;
  const feeling = label && emotionName(label, t);
  const entities = Object.entries(nlu.entities ?? {});
  const topic = nlu.topic ? topicName(nlu.topic, t, nlu.title) : null;
  const known = nlu.decision !== 'clarify' && topic !== null;
  return html`<details class="nlu" data-testid="nlu" data-topic=${nlu.topic ?? ''}>
    <summary>
      ${icon.bridge}<span>${known ? topic : t('notUnderstood')}</span>
      ${nlu.confidence === undefined ? nothing : meter(nlu.confidence, desk.ui.state.language)}
      ${feeling ? html`<span class="feeling">${feeling}</span>` : nothing}
    </summary>
    <dl>
      ${
        nlu.topic
          ? html`<div>
              <dt>${t('understood')}</dt>
              <dd>${topicName(nlu.topic, t, nlu.title)} <code>${nlu.topic}</code></dd>
            </div>`
          : nothing
      }
      ${
        nlu.runners_up?.length
          ? html`<div>
              <dt>${t('runnersUp')}</dt>
              <dd>
                ${nlu.runners_up.map(
                  ([name, share]) => html`<span class="next"><code>${name}</code> ${meter(share, desk.ui.state.language)}</span>`,
                )}
              </dd>
            </div>`
          : nothing
      }
      ${
        nlu.language
          ? html`<div>
              <dt>${t('detectedLanguage')}</dt>
              <dd>${languageName(nlu.language, t)}</dd>
            </div>`
          : nothing
      }
      ${
        feeling
          ? html`<div>
              <dt>${t('emotion')}</dt>
              <dd>${feeling} ${(emotion?.evidence ?? []).map((word) => html`<mark>${word}</mark> `)}</dd>
            </div>`
          : nothing
      }
      ${
        entities.length
          ? html`<div>
              <dt>${t('entities')}</dt>
              <dd>
                ${entities.map(
                  ([name, value]) => html`<span class="next">${entityName(name, t)}: ${String(value)}</span>`,
                )}
              </dd>
            </div>`
          : nothing
      }
    </dl>
  </details>`;
}

function noteView(desk: Desk, ui: Ui, event: LogEvent): TemplateResult {
  return html`<article class="entry note" data-testid="message" data-role="note" data-seq=${event.seq} tabindex="-1">
    <span class="face note" aria-hidden="true">${icon.note}</span>
    <div class="body">
      <p class="by">
        <strong>${desk.t('noteBy', { name: event.author?.name ?? '' })}</strong> ${time(event.at, ui.language)}
      </p>
      <div class="bubble">${plain(event.text ?? '', called(desk, event))}</div>
    </div>
  </article>`;
}

/** Names that a note calls, as they may stand in it. */
function called(desk: Desk, event: LogEvent): string[] {
  const { agent: me, agents } = desk.store.state;
  const names = (event.mentions ?? []).flatMap((id) => (id === me?.id ? me.name : agents.get(id)?.name) ?? []);
  return names.flatMap((name) => [`@${name}`, `@${name.split(' ')[0] ?? ''}`]);
}

const CALLBACK: Readonly<Record<string, ConsoleKey>> = {
  booked: 'evCallback',
  moved: 'evCallbackMoved',
  done: 'evCallbackDone',
  cancelled: 'evCallbackCancelled',
};

const MAIL: Readonly<Record<string, ConsoleKey>> = {
  booked: 'evMail',
  moved: 'evMailMoved',
  done: 'evMailDone',
  cancelled: 'evMailCancelled',
};

const RATING: Readonly<Record<string, ConsoleKey>> = {
  agent: 'evRatingAgent',
  bot: 'evRatingBot',
};

const APPROVAL: Readonly<Record<string, ConsoleKey>> = {
  asked: 'evApproval',
  approved: 'evApproved',
  refused: 'evRefused',
};

/** What happened to a call or an answer by e-mail. */
function promisedLater({ kind, state = 'booked' }: Partial<Callback> = {}): ConsoleKey {
  return kind === 'email' ? (MAIL[state] ?? 'evMail') : (CALLBACK[state] ?? 'evCallback');
}

function words(desk: Desk, event: LogEvent): string {
  const { t } = desk;
  switch (event.kind) {
    case 'message':
    case 'notice':
      return event.text ?? '';
    case 'handoff':
      return t('evHandoff');
    case 'assigned':
      return t('evAssigned', { name: personOf(event) ?? '' });
    case 'transferred':
      return t('evTransferred');
    case 'agent_lost':
      return t('evAgentLost');
    case 'returned_to_bot':
      return t('evReturned');
    case 'resolved':
      return t('evResolved');
    case 'reopened':
      return t('evReopened');
    case 'language':
      return t('evLanguage', { language: languageName(event.language, t) });
    case 'rating':
      return t(RATING[event.rated ?? ''] ?? 'evRating', { n: event.score ?? 0 });
    case 'callback':
      return t(promisedLater(event.callback));
    case 'channel':
      return event.text ?? event.code ?? '';
    case 'agreed':
      return t('evAgreed');
    case 'approval':
      return t(APPROVAL[event.approval?.state ?? 'asked'] ?? 'evApproval');
    default:
      return t('evOther', { kind: event.kind });
  }
}

/** An event between the messages; what the visitor was told at that point stands below it. */
function line(
  desk: Desk,
  state: AgentState,
  ui: Ui,
  conversation: Conversation,
  event: LogEvent,
): TemplateResult {
  const system = event.kind === 'message' || event.kind === 'notice';
  const reasons = event.kind === 'handoff' ? (event.reasons ?? []) : [];
  return html`<div
    class="line ${event.kind} ${system ? 'told' : ''}"
    data-testid="message"
    data-role="system"
    data-kind=${event.kind}
    data-seq=${event.seq}
    tabindex="-1"
    lang=${system && isLanguage(event.language) ? event.language : nothing}
  >
    <span>${words(desk, event)} ${time(event.at, ui.language)}</span>
    ${reasons.map((reason) => html`<span class="because">${reasonText(reason, desk.t)}</span>`)}
    ${event.note ? html`<span class="because">${event.note}</span>` : nothing}
    ${
      event.kind === 'rating' && event.comment
        ? html`<q class="because" data-testid="rating-comment" lang=${conversation.language}>${event.comment}</q>`
        : nothing
    }
    ${event.approval ? approvalView(desk, state, conversation, event.approval) : nothing}
    ${!system && event.kind !== 'channel' && event.text ? html`<span class="told" lang=${event.language ?? nothing}>${event.text}</span>` : nothing}
  </div>`;
}

/** What an agent asks leave for; who leads decides here, as long as nobody has. */
function approvalView(desk: Desk, state: AgentState, conversation: Conversation, approval: Approval): TemplateResult {
  const { t } = desk;
  const decided = conversation.log.events.some(
    (event) => event.approval?.id === approval.id && event.approval.state !== 'asked',
  );
  const decide = (approved: boolean): void =>
    void desk.attempt('decide', { type: 'decide', conversation: conversation.id, approval: approval.id, approved });
  return html`<span class="because">${approval.text ?? ''} ${approval.amount ?? ''}</span>
    ${
      approval.state === 'asked' && !decided && leads(state)
        ? html`<span class="decide">
            <button type="button" class="calm" data-testid="refuse" @click=${() => decide(false)}>${t('refuse')}</button>
            <button type="button" class="firm" data-testid="approve" @click=${() => decide(true)}>${t('approve')}</button>
          </span>`
        : nothing
    }`;
}

/** A reply or note that the log does not hold yet. */
export function pendingEntry(desk: Desk, state: AgentState, conversation: Conversation, item: Draft): TemplateResult {
  const { t } = desk;
  const failed = item.mark === 'failed';
  const note = item.kind === 'note';
  return html`<article
    class=${classMap({ entry: true, agent: !note, note, own: !note, failed, sending: !failed })}
    data-testid="message"
    data-role=${note ? 'note' : 'agent'}
    data-mark=${item.mark}
  >
    <span class="face ${note ? 'note' : 'agent'}" aria-hidden="true"
      >${note ? icon.note : initials(state.agent?.name ?? '?')}</span
    >
    <div class="body">
      <p class="by"><strong>${state.agent?.name}</strong> <span>${failed ? '' : t('sending')}</span></p>
      ${item.text ? html`<div class="bubble">${rich(item.text)}</div>` : nothing}
      ${item.files?.map((file) => html`<span class="chip">${file.name}</span>`) ?? nothing}
      ${
        failed
          ? html`<p class="bad">
              ${icon.alert}${item.code === 'forbidden' ? t('failedForbidden') : t('failed')}
              <button type="button" class="text" @click=${() => desk.retry(conversation.id, item)}>
                ${t('retry')}
              </button>
              <button type="button" class="text" @click=${() => desk.discard(conversation.id, item)}>
                ${t('discard')}
              </button>
            </p>`
          : nothing
      }
    </div>
  </article>`;
}
