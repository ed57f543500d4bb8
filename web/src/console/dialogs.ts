/** What is asked before something is done: to whom to pass on, until when to rest, what to say to all. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import type { AgentState } from '../core/agent';
import { LANGUAGES, type Request } from '../core/protocol';
import { NAMES } from '../i18n/index';
import * as icon from './icons';
import { spanTime } from '../view/time';
import type { ConsoleKey, Desk } from './desk';
import type { Step } from './api';
import { frameOf } from './canned';
import { KEYS } from './keys';
import { password, second } from './own';
import type { Dialog, Ui } from './ui';
import { skillName } from './words';

const MINUTE = 60_000;

/** A moment as `<input type=datetime-local>` wants it: local, without seconds. */
function local(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * MINUTE);
  return date.toISOString().slice(0, 16);
}

/** The fields of a form as texts; empty ones are left out. */
function fields(event: Event): Record<string, string> {
  const data = new FormData(event.target as HTMLFormElement);
  const all: Record<string, string> = {};
  for (const [name, value] of data) if (typeof value === 'string' && value.trim()) all[name] = value.trim();
  return all;
}

function iso(value: string | undefined): string {
  return new Date(value ?? Date.now()).toISOString();
}

/** When a dialog was opened, and what was known then. */
interface Opening {
  at: number;
  state: AgentState;
}

const openings = new WeakMap<Dialog, Opening>();

/**
 * What a dialog has filled in and offers to choose stays as it was opened. Worked out anew at every draw, a time that was
 * chosen would go back to the clock's, and a choice would pass to whoever has come to stand in its place.
 */
function opening(dialog: Dialog, state: AgentState): Opening {
  const made = openings.get(dialog) ?? { at: Date.now(), state };
  openings.set(dialog, made);
  return made;
}

/** Whether the press under way has not touched what stands in the dialog. */
let beside = false;

function onItself(event: Event): boolean {
  return event.target === event.currentTarget;
}

export function dialogs(desk: Desk, state: AgentState, ui: Ui): TemplateResult | typeof nothing {
  const { dialog } = ui;
  if (!dialog) return nothing;
  const make = MAKERS[dialog.name];
  return make(desk, state, ui, dialog);
}

export type Maker = (desk: Desk, state: AgentState, ui: Ui, dialog: Dialog) => TemplateResult;

export function box(
  desk: Desk,
  ui: Ui,
  title: ConsoleKey,
  content: unknown,
  send?: { words: ConsoleKey; act(values: Record<string, string>): void },
): TemplateResult {
  const { t } = desk;
  return html`<dialog
    class="box"
    aria-labelledby="box-title"
    data-testid="dialog"
    data-name=${ui.dialog?.name ?? ''}
    @close=${() => desk.edit({ dialog: null })}
    @pointerdown=${(event: Event) => (beside = onItself(event))}
    @pointerup=${(event: Event) => (beside &&= onItself(event))}
    @click=${(event: Event) => {
      // A selection dragged out of a field ends with a click on the dialog, too.
      if (beside && onItself(event)) desk.edit({ dialog: null });
    }}
  >
    <form
      @submit=${(event: Event) => {
        event.preventDefault();
        send?.act(fields(event));
      }}
    >
      <header>
        <h2 id="box-title">${t(title)}</h2>
        <button type="button" class="tool" aria-label=${t('close')} @click=${() => desk.edit({ dialog: null })}>
          ${icon.close}
        </button>
      </header>
      ${content}
      ${
        ui.refused && ui.refused.dialog === ui.dialog
          ? html`<p class="fault" role="alert" data-testid="refused">${icon.alert}${ui.refused.words}</p>`
          : nothing
      }
      ${
        send
          ? html`<div class="send">
              <button type="button" class="calm" @click=${() => desk.edit({ dialog: null })}>${t('cancel')}</button>
              <button type="submit" class="firm" data-testid="dialog-send" ?disabled=${ui.busy.has('dialog')}>
                ${t(send.words)}
              </button>
            </div>`
          : nothing
      }
    </form>
  </dialog>`;
}

function noteField(desk: Desk, label: ConsoleKey, required = false): TemplateResult {
  return html`<label for="box-note">${desk.t(label)}</label>
    <textarea id="box-note" name="note" rows="3" maxlength="2000" ?required=${required} data-testid="dialog-note"></textarea>`;
}

/** Where a conversation can go: colleagues who are there first, then skills, then whoever leads. */
function targets(desk: Desk, state: AgentState): { value: string; words: string; person?: string }[] {
  const { t } = desk;
  const order = { online: 0, away: 1, offline: 2 };
  const people = [...state.agents.values()]
    .filter((one) => one.id !== state.agent?.id && one.presence !== 'offline')
    .sort((a, b) => order[a.presence ?? 'online'] - order[b.presence ?? 'online'] || a.name.localeCompare(b.name));
  const skills = new Set([...state.agents.values()].flatMap((one) => one.skills ?? []).concat(state.agent?.skills ?? []));
  return [
    ...people.map((one) => ({ value: `agent ${one.id}`, words: one.name, person: one.id })),
    ...[...skills].sort().map((skill) => ({ value: `skill ${skill}`, words: t('toSkill', { skill: skillName(skill, t) }) })),
    { value: 'supervisor ', words: t('toSupervisor') },
  ];
}

/** How a colleague is now: there or not, with how much to do, in which languages. */
function howIs({ t }: Desk, state: AgentState, id: string): string {
  const one = state.agents.get(id);
  if (!one) return t('offline');
  const load = one.load === undefined || one.capacity === undefined ? '' : ` · ${one.load}/${one.capacity}`;
  return `${t(one.presence ?? 'online')}${load} · ${(one.languages ?? []).join(', ')}`;
}

const transfer: Maker = (desk, state, ui, dialog) => {
  const { about } = dialog;
  return box(
    desk,
    ui,
    'transfer',
    html`<fieldset class="targets">
        <legend>${desk.t('transferTo')}</legend>
        ${targets(desk, opening(dialog, state).state).map(
          ({ value, words, person }, index) =>
            html`<label>
              <input type="radio" name="to" value=${value} required ?checked=${index === 0} />
              <span>${words}</span> <span class="soft">${person === undefined ? '' : howIs(desk, state, person)}</span>
            </label>`,
        )}
      </fieldset>
      ${noteField(desk, 'noteForColleague')}`,
    {
      words: 'transfer',
      act: ({ to = '', note }) => {
        const [kind = '', name = ''] = to.split(' ');
        const target = kind === 'supervisor' ? { supervisor: true } : { [kind]: name };
        const frame: Request = { type: 'transfer', conversation: about, to: target, ...(note ? { note } : {}) };
        void desk.settle(frame, 'transferred', () => desk.letGoQuietly(about));
      },
    },
  );
};

/** With a promise that was made already it only reminds; else the visitor can be told something, in the agent's name. */
const snooze: Maker = (desk, state, ui, dialog) => {
  const { about, promise, by } = dialog;
  const { at } = opening(dialog, state);
  return box(
    desk,
    ui,
    promise ? 'remindTitle' : 'snooze',
    html`<p class="soft">${desk.t('snoozeHint')}</p>
      ${
        promise
          ? html`<p><q lang=${state.conversations.get(about)?.language ?? nothing} data-testid="promise-made">${promise}</q></p>`
          : nothing
      }
      <label for="box-until">${desk.t('snoozeUntil')}</label>
      <input
        id="box-until"
        type="datetime-local"
        name="until"
        required
        data-testid="until"
        min=${local(at)}
        .value=${local(by ?? at + 60 * MINUTE)}
      />
      ${
        promise
          ? nothing
          : html`<label for="box-promise">${desk.t('promiseText')}</label>
              <input id="box-promise" name="promise" maxlength="200" data-testid="promise" />`
      }`,
    {
      words: promise ? 'remindMe' : 'snooze',
      // The hub sends `promise` to the visitor; what was `promised` stands in the conversation already, and is kept.
      act: ({ until, promise: text }) =>
        void desk.settle(
          { type: 'snooze', conversation: about, until: iso(until), ...(promise ? { promised: promise } : text ? { promise: text } : {}) },
          'snoozed',
        ),
    },
  );
};

const help: Maker = (desk, _state, ui, { about }) =>
  box(desk, ui, 'askHelp', noteField(desk, 'helpNote', true), {
    words: 'askHelp',
    act: ({ note = '' }) => void desk.settle({ type: 'ask_help', conversation: about, note }, 'helpAsked'),
  });

const approval: Maker = (desk, _state, ui, { about }) =>
  box(
    desk,
    ui,
    'askApproval',
    html`<label for="box-kind">${desk.t('approvalKind')}</label>
      <select id="box-kind" name="kind">
        <option value="refund_exception">${desk.t('approvalRefund')}</option>
        <option value="voucher">${desk.t('approvalVoucher')}</option>
        <option value="other">${desk.t('approvalOther')}</option>
      </select>
      <label for="box-amount">${desk.t('amount')}</label>
      <input id="box-amount" name="amount" maxlength="40" />
      ${noteField(desk, 'approvalWhy', true)}`,
    {
      words: 'askApproval',
      act: ({ kind = 'other', amount, note = '' }) => {
        const frame = { type: 'request_approval', conversation: about, kind, text: note, ...(amount ? { amount } : {}) };
        void desk.settle(frame, 'approvalSent');
      },
    },
  );

const OUTCOMES = ['solved', 'unsolved', 'no_reply', 'not_for_us'] as const;
const OUTCOME_WORDS: Readonly<Record<(typeof OUTCOMES)[number], ConsoleKey>> = {
  solved: 'outcomeSolved',
  unsolved: 'outcomeUnsolved',
  no_reply: 'outcomeNoReply',
  not_for_us: 'outcomeNotForUs',
};

const outcome: Maker = (desk, _state, ui, { about }) =>
  box(
    desk,
    ui,
    'resolveAs',
    html`<fieldset class="targets">
      <legend class="sr">${desk.t('resolveAs')}</legend>
      ${OUTCOMES.map(
        (value, index) =>
          html`<label>
            <input type="radio" name="outcome" value=${value} ?checked=${index === 0} />
            <span>${desk.t(OUTCOME_WORDS[value])}</span>
          </label>`,
      )}
    </fieldset>`,
    {
      words: 'resolve',
      act: ({ outcome: value = 'solved' }) =>
        void desk.settle({ type: 'resolve', conversation: about, outcome: value }, 'resolvedDone', () =>
          desk.letGoQuietly(about),
        ),
    },
  );

const CALL_OUTCOMES: readonly [string, ConsoleKey][] = [
  ['reached', 'callReached'],
  ['no_answer', 'callNoAnswer'],
  ['wrong_number', 'callWrongNumber'],
  ['answered_by_email', 'callByMail'],
];

const called: Maker = (desk, _state, ui, { about }) =>
  box(
    desk,
    ui,
    'callDone',
    html`<fieldset class="targets">
        <legend class="sr">${desk.t('callDone')}</legend>
        ${CALL_OUTCOMES.map(
          ([value, words], index) =>
            html`<label>
              <input type="radio" name="outcome" value=${value} ?checked=${index === 0} />
              <span>${desk.t(words)}</span>
            </label>`,
        )}
      </fieldset>
      ${noteField(desk, 'note')}`,
    {
      words: 'callDone',
      act: ({ outcome: value = 'reached', note }) =>
        void desk.settle(
          { type: 'callback_done', callback: about, outcome: value, ...(note ? { note } : {}) },
          'callClosed',
        ),
    },
  );

const move: Maker = (desk, state, ui, dialog) => {
  const { about } = dialog;
  return box(
    desk,
    ui,
    'callMove',
    html`<label for="box-window">${desk.t('newTime')}</label>
      <select id="box-window" name="window">
        ${(opening(dialog, state).state.callbacks.get(about)?.windows ?? []).map(
          (one) => html`<option value=${one.id}>${spanTime(one.from, one.to, ui.language)}</option>`,
        )}
      </select>`,
    {
      words: 'callMove',
      act: ({ window = '' }) => void desk.settle({ type: 'callback_move', callback: about, window }, 'callMoved'),
    },
  );
};

const announce: Maker = (desk, state, ui, dialog) => {
  const { at } = opening(dialog, state);
  return box(
    desk,
    ui,
    'announce',
    html`<p class="soft">${desk.t('announceHint')}</p>
      ${LANGUAGES.map(
        (language) =>
          html`<label for=${`box-${language}`} lang=${language}>${NAMES[language]}</label>
            <textarea id=${`box-${language}`} name=${language} lang=${language} rows="2" maxlength="500" required></textarea>`,
      )}
      <div class="pair">
        <div>
          <label for="box-from">${desk.t('from')}</label>
          <input id="box-from" type="datetime-local" name="from" required .value=${local(at)} />
        </div>
        <div>
          <label for="box-to">${desk.t('endsAt')}</label>
          <input id="box-to" type="datetime-local" name="to" required .value=${local(at + 8 * 60 * MINUTE)} />
        </div>
      </div>`,
    {
      words: 'announce',
      act: ({ fi = '', da = '', en = '', from, to }) =>
        void desk.settle(
          { type: 'announce', texts: { fi, da, en }, from: iso(from), to: iso(to), topics: [] },
          'announced',
        ),
    },
  );
};

const keys: Maker = (desk, _state, ui) =>
  box(
    desk,
    ui,
    'keys',
    html`<dl class="keys">
      ${KEYS.map(
        ([key, words]) =>
          html`<div>
            <dt><kbd>${key}</kbd></dt>
            <dd>${desk.t(words)}</dd>
          </div>`,
      )}
    </dl>`,
  );

const back: Maker = (desk, _state, ui, { about }) =>
  box(desk, ui, 'returnToBot', noteField(desk, 'noteForColleague'), {
    words: 'returnToBot',
    act: ({ note }) =>
      void desk.settle({ type: 'return_to_bot', conversation: about, ...(note ? { note } : {}) }, 'returned', () =>
        desk.letGoQuietly(about),
      ),
  });

/** What a macro will do, in order, before it is done. */
const macro: Maker = (desk, state, ui, { about, macro: key }) => {
  const { t } = desk;
  const chosen = desk.macros.find((one) => one.key === key);
  const language = state.conversations.get(about)?.language ?? 'en';
  const words = (step: Step): TemplateResult => {
    if ('reply' in step) return html`${t('send')}: <q lang=${language}>${frameOf(desk, about, step)['text']}</q>`;
    if ('note' in step) return html`${t('addNote')}: <q>${step.note}</q>`;
    if ('snooze' in step) return html`${t('snooze')}: ${t('minutes', { n: step.snooze })}`;
    if ('transfer' in step) return html`${t('toSkill', { skill: skillName(step.transfer, t) })}`;
    return html`${t('resolve' in step ? 'resolve' : 'returnToBot')}`;
  };
  return box(
    desk,
    ui,
    'macro',
    html`<p><strong>${chosen?.title[ui.language] ?? key}</strong></p>
      <ol class="steps">
        ${chosen?.steps.map((step) => html`<li>${words(step)}</li>`)}
      </ol>`,
    { words: 'macroDo', act: () => chosen && void desk.perform(about, chosen) },
  );
};

const exported: Maker = (desk, _state, ui, { about }) =>
  box(desk, ui, 'export', html`<p>${desk.t('exportHint')}</p>`, {
    words: 'export',
    act: () => void desk.exportData(about),
  });

const ERASE_REASONS: readonly [string, ConsoleKey][] = [
  ['asked', 'eraseAsked'],
  ['mistake', 'eraseMistake'],
  ['other', 'approvalOther'],
];

const erase: Maker = (desk, _state, ui, { about }) =>
  box(
    desk,
    ui,
    'erase',
    html`<p>${desk.t('eraseHint')}</p>
      <fieldset class="targets">
        <legend>${desk.t('eraseWhy')}</legend>
        ${ERASE_REASONS.map(
          ([value, words], index) =>
            html`<label>
              <input type="radio" name="reason" value=${value} ?checked=${index === 0} />
              <span>${desk.t(words)}</span>
            </label>`,
        )}
      </fieldset>`,
    { words: 'eraseYes', act: ({ reason = 'asked' }) => void desk.erase(about, reason) },
  );

/** A colleague has just answered: two answers in a row can confuse, so the second is asked about. */
const hurry: Maker = (desk, _state, ui, { about, promise = '' }) =>
  box(desk, ui, 'hurry', html`<p>${desk.t('hurryHint', { name: promise })}</p>`, {
    words: 'hurryYes',
    act: () => {
      desk.edit({ dialog: null });
      desk.write(about, true);
    },
  });

const MAKERS: Readonly<Record<Dialog['name'], Maker>> = {
  transfer,
  snooze,
  help,
  approval,
  outcome,
  announce,
  keys,
  called,
  move,
  return: back,
  macro,
  export: exported,
  erase,
  hurry,
  password,
  second,
};

