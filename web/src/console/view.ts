/** The console's frame: signing in, rail, list, thread, details, notices. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import type { AgentState } from '../core/agent';
import * as agent from '../core/agent';
import { LANGUAGES } from '../core/protocol';
import { NAMES } from '../i18n/index';
import * as icon from './icons';
import { clockTime, initials } from '../view/time';
import { calls } from './calls';
import { details } from './details';
import { dialogs } from './dialogs';
import type { Desk } from './desk';
import type { Theme, Ui, View } from './ui';
import { find } from './find';
import { list } from './list';
import { urgent } from './offers';
import { team } from './team';
import { thread } from './thread';

export function view(desk: Desk, state: AgentState, ui: Ui): TemplateResult {
  if (ui.phase === 'starting')
    return html`<div class="starting" role="status">
      ${icon.bridge}<span class="sr">${desk.t('connecting')}</span>
    </div>`;
  return html`${ui.phase === 'out' ? signIn(desk, ui) : frame(desk, state, ui)} ${toasts(desk, ui)}`;
}

function signIn(desk: Desk, ui: Ui): TemplateResult {
  const { t } = desk;
  if (ui.ticket) return codeStep(desk, ui);
  return html`<main class="gate">
    <form
      @submit=${(event: Event) => {
        event.preventDefault();
        const data = new FormData(event.target as HTMLFormElement);
        void desk.signIn(String(data.get('email')), String(data.get('password')));
      }}
    >
      <div class="mark">${icon.bridge}</div>
      <h1>${t('signInTitle')}</h1>
      <p class="lead">${t('signInLead')}</p>
      <label for="email">${t('email')}</label>
      <input id="email" name="email" type="email" autocomplete="username" required data-testid="email" />
      <label for="password">${t('password')}</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        data-testid="password"
      />
      ${ui.fault ? html`<p class="fault" role="alert" data-testid="fault">${icon.alert}${t(ui.fault)}</p>` : nothing}
      <button type="submit" class="firm wide" data-testid="sign-in" ?disabled=${ui.signing}>
        ${ui.signing ? t('signingIn') : t('signIn')}
      </button>
      ${
        ui.oidc
          ? html`<p class="or"><span>${t('or')}</span></p>
              <a class="calm wide" href=${ui.oidc.url} data-testid="oidc">${t('signInWith', { name: ui.oidc.name })}</a>`
          : nothing
      }
      ${tongues(desk, ui)}
    </form>
  </main>`;
}

/** The second step of signing in. */
function codeStep(desk: Desk, ui: Ui): TemplateResult {
  const { t } = desk;
  return html`<main class="gate">
    <form
      @submit=${(event: Event) => {
        event.preventDefault();
        void desk.secondStep(String(new FormData(event.target as HTMLFormElement).get('code')));
      }}
    >
      <div class="mark">${icon.bridge}</div>
      <h1>${t('codeTitle')}</h1>
      <p class="lead" id="code-hint">${t('codeHint')}</p>
      <label for="code">${t('code')}</label>
      <input
        id="code"
        name="code"
        autocomplete="one-time-code"
        autocapitalize="none"
        spellcheck="false"
        required
        aria-describedby="code-hint"
        data-testid="code"
      />
      ${ui.fault ? html`<p class="fault" role="alert" data-testid="fault">${icon.alert}${t(ui.fault)}</p>` : nothing}
      <button type="submit" class="firm wide" data-testid="sign-in" ?disabled=${ui.signing}>
        ${ui.signing ? t('signingIn') : t('signIn')}
      </button>
      <button type="button" class="text" @click=${() => desk.edit({ ticket: null, fault: null })}>${t('backToStart')}</button>
    </form>
  </main>`;
}

function tongues(desk: Desk, ui: Ui): TemplateResult {
  return html`<div class="tongues" role="group" aria-label=${desk.t('language')}>
    ${LANGUAGES.map(
      (language) =>
        html`<button
          type="button"
          lang=${language}
          aria-pressed=${language === ui.language}
          data-testid=${`language-${language}`}
          @click=${() => desk.setLanguage(language)}
        >
          ${NAMES[language]}
        </button>`,
    )}
  </div>`;
}

function frame(desk: Desk, state: AgentState, ui: Ui): TemplateResult {
  const chosen = ui.selected !== null;
  return html`<div class="frame ${chosen ? 'chosen' : ''} ${ui.details && chosen ? 'wide' : ''}" data-testid="desk">
    <header class="sr"><h1>${desk.t('product')}</h1></header>
    ${rail(desk, state, ui)}
    <main class="work">${middle(desk, state, ui)} ${thread(desk, state, ui)}</main>
    ${ui.details && chosen ? details(desk, state, ui) : nothing} ${link(desk, state)}
    ${ui.endsAt ? ending(desk, ui.endsAt, ui) : nothing} ${urgent(desk, state, ui)} ${ui.settings ? settings(desk, state, ui) : nothing} ${dialogs(desk, state, ui)}
  </div>`;
}

function middle(desk: Desk, state: AgentState, ui: Ui): TemplateResult {
  if (ui.view === 'calls') return calls(desk, state, ui);
  if (ui.view === 'find') return find(desk, ui);
  if (ui.view === 'team') return team(desk, state, ui);
  return list(desk, state, ui);
}

function link(desk: Desk, state: AgentState): TemplateResult | typeof nothing {
  if (state.link === 'open') return nothing;
  const { t } = desk;
  const waiting = state.link === 'waiting';
  return html`<div class="link" role="status" data-testid="link">
    ${icon.clock}<span>${waiting ? t('reconnecting') : t('connecting')}</span>
    ${waiting ? html`<button type="button" @click=${() => desk.tryNow()}>${t('tryNow')}</button>` : nothing}
  </div>`;
}

/** The sign-in is about to end because nothing was done for long. */
function ending(desk: Desk, at: string, ui: Ui): TemplateResult {
  const { t } = desk;
  return html`<div class="ending" role="alertdialog" aria-label=${t('stillThere')} data-testid="ending">
    ${icon.clock}<span><strong>${t('stillThere')}</strong> ${t('stillThereHint', { time: clockTime(at, ui.language) })}</span>
    <button type="button" class="firm" data-testid="stay" @click=${() => void desk.stay()}>${t('stay')}</button>
  </div>`;
}

function rail(desk: Desk, state: AgentState, ui: Ui): TemplateResult {
  const { t } = desk;
  const unread = agent.unreadOfMine(state);
  const rooms = [
    ['queue', icon.inbox, t('queue'), agent.waiting(state).length, true],
    ['mine', icon.person, t('mine'), unread || state.mine.length, unread > 0],
    ['others', icon.people, t('others'), agent.elsewhere(state).length, false],
    ['calls', icon.phone, t('calls'), agent.tasks(state).length, agent.tasks(state).some((task) => task.due || task.late)],
    ...(agent.leads(state) ? [['team', icon.eye, t('team'), 0, false] as const] : []),
    ['find', icon.search, t('find'), 0, false],
  ] as const;
  return html`<nav class="rail" aria-label=${t('views')}>
    <div class="mark" aria-hidden="true">${icon.bridge}</div>
    ${rooms.map(
      ([name, picture, label, count, loud]) =>
        html`<button
          type="button"
          class="room"
          data-testid=${`view-${name}`}
          aria-current=${ui.view === name ? 'page' : 'false'}
          @click=${() => desk.show(name as View)}
        >
          ${picture}<span>${label}</span>
          ${count ? html`<b class=${loud ? 'loud' : ''}>${count > 99 ? '99+' : count}</b>` : nothing}
        </button>`,
    )}
    <div class="gap"></div>
    <button
      type="button"
      class="room"
      data-testid="settings"
      aria-expanded=${ui.settings}
      aria-controls="settings"
      @click=${() => desk.edit({ settings: !ui.settings })}
    >
      ${icon.gear}<span>${t('settings')}</span>
    </button>
    <button
      type="button"
      class="me"
      aria-label="${state.agent?.name ?? ''}, ${t(state.presence)}"
      @click=${() => desk.edit({ settings: !ui.settings })}
    >
      <span class="face own" aria-hidden="true">${initials(state.agent?.name ?? '?')}</span
      ><i class="presence ${state.presence}" aria-hidden="true"></i>
    </button>
  </nav>`;
}

function settings(desk: Desk, state: AgentState, ui: Ui): TemplateResult {
  const { t } = desk;
  const themes: [Theme, string][] = [
    ['auto', t('themeAuto')],
    ['light', t('themeLight')],
    ['dark', t('themeDark')],
  ];
  const role = { supervisor: t('roleSupervisor'), owner: t('roleOwner') }[state.agent?.role ?? ''] ?? t('roleAgent');
  return html`<div
    class="settings"
    id="settings"
    role="dialog"
    aria-label=${t('settings')}
    @keydown=${(event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      desk.edit({ settings: false });
      desk.focusSoon('[data-testid=settings]');
    }}
  >
    <div class="who">
      <span class="face own" aria-hidden="true">${initials(state.agent?.name ?? '?')}</span>
      <div><strong>${state.agent?.name}</strong><span>${role}</span></div>
    </div>
    <h2>${t('presence')}</h2>
    <div class="choice" role="group" aria-label=${t('presence')}>
      ${(['online', 'away', 'offline'] as const).map(
        (value) =>
          html`<button
            type="button"
            data-testid=${`presence-${value}`}
            aria-pressed=${state.presence === value}
            @click=${() => void desk.setPresence(value)}
          >
            <i class="presence ${value}" aria-hidden="true"></i>${t(value)}
          </button>`,
      )}
    </div>
    <h2>${t('language')}</h2>
    ${tongues(desk, ui)}
    <h2>${t('theme')}</h2>
    <div class="choice" role="group" aria-label=${t('theme')}>
      ${themes.map(
        ([value, label]) =>
          html`<button
            type="button"
            data-testid=${`theme-${value}`}
            aria-pressed=${ui.theme === value}
            @click=${() => desk.setTheme(value)}
          >
            ${label}
          </button>`,
      )}
    </div>
    <h2>${t('calling')}</h2>
    ${toggle(t('sound'), 'sound', ui.sound, () => desk.choose({ sound: !ui.sound }))}
    ${toggle(t('notify'), 'notify', ui.notify, () => desk.choose({ notify: !ui.notify }))}
    ${toggle(t('singleKeys'), 'keys', ui.keys, () => desk.choose({ keys: !ui.keys }))}
    <h2>${t('mySignIn')}</h2>
    <button
      type="button"
      class="leave"
      data-testid="change-password"
      @click=${() => desk.edit({ settings: false, fault: null, dialog: { name: 'password', about: '' } })}
    >
      ${icon.key}${t('changePassword')}
    </button>
    <button type="button" class="leave" data-testid="second-factor" @click=${() => void desk.askFactor()}>
      ${icon.phone}${t('secondFactor')}
    </button>
    <button type="button" class="leave" data-testid="sign-out" @click=${() => void desk.signOut()}>
      ${icon.exit}${t('signOut')}
    </button>
  </div>`;
}

function toasts(desk: Desk, ui: Ui): TemplateResult {
  return html`<div class="toasts" role="status">
    ${repeat(
      ui.toasts,
      (toast) => toast.id,
      (toast) =>
        html`<div class="toast ${toast.tone}" data-testid="toast">
          ${toast.tone === 'bad' ? icon.alert : icon.check}<span>${toast.text}</span>
          ${
            toast.offer
              ? html`<button
                  type="button"
                  class="do"
                  data-testid="toast-do"
                  @click=${() => {
                    desk.dismiss(toast.id);
                    toast.offer?.act();
                  }}
                >
                  ${toast.offer.words}
                </button>`
              : nothing
          }
          <button type="button" aria-label=${desk.t('dismiss')} @click=${() => desk.dismiss(toast.id)}>
            ${icon.close}
          </button>
        </div>`,
    )}
  </div>`;
}

function toggle(words: string, name: string, on: boolean, flip: () => void): TemplateResult {
  return html`<label class="toggle"
    ><input type="checkbox" data-testid=${`set-${name}`} .checked=${live(on)} @change=${flip} /><span>${words}</span></label
  >`;
}
