/** An agent's own sign-in: another password, a second factor. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import * as icon from './icons';
import { box, type Maker } from './dialogs';
import type { Desk } from './desk';
import type { Ui } from './ui';

function field(name: string, words: string, more: { type?: string; complete: string; inputmode?: string }): TemplateResult {
  return html`<label for=${`box-${name}`}>${words}</label>
    <input
      id=${`box-${name}`}
      name=${name}
      type=${more.type ?? 'password'}
      inputmode=${more.inputmode ?? nothing}
      autocomplete=${more.complete}
      required
      data-testid=${name}
    />`;
}

function wrong(desk: Desk, ui: Ui): TemplateResult | typeof nothing {
  return ui.fault ? html`<p class="fault" role="alert" data-testid="fault">${icon.alert}${desk.t(ui.fault)}</p>` : nothing;
}

export const password: Maker = (desk, _state, ui) =>
  box(
    desk,
    ui,
    'changePassword',
    html`${field('old', desk.t('passwordOld'), { complete: 'current-password' })}
    ${field('new', desk.t('passwordNew'), { complete: 'new-password' })} ${wrong(desk, ui)}`,
    { words: 'changePassword', act: ({ old = '', new: next = '' }) => void desk.changePassword(old, next) },
  );

/** Setting a second factor up, step by step, or taking it away. */
export const second: Maker = (desk, _state, ui) => {
  const { t } = desk;
  const { factor } = ui;
  if (factor.recovery) {
    return box(
      desk,
      ui,
      'secondFactor',
      html`<p>${t('recoveryHint')}</p>
        <ul class="codes" data-testid="recovery">
          ${factor.recovery.map((code) => html`<li><code>${code}</code></li>`)}
        </ul>`,
    );
  }
  if (factor.secret) {
    return box(
      desk,
      ui,
      'secondFactor',
      html`<p>${t('secretHint')}</p>
        <p><code class="secret" data-testid="secret">${factor.secret.match(/.{1,4}/g)?.join(' ')}</code></p>
        ${factor.uri ? html`<p><a href=${factor.uri}>${t('secretOpen')}</a></p>` : nothing}
        ${field('code', t('code'), { type: 'text', complete: 'one-time-code', inputmode: 'numeric' })} ${wrong(desk, ui)}`,
      { words: 'confirm', act: ({ code = '' }) => void desk.confirmFactor(code) },
    );
  }
  return box(
    desk,
    ui,
    'secondFactor',
    html`<p>${t(factor.on ? 'factorOffHint' : 'factorOnHint')}</p>
      ${field('password', t('password'), { complete: 'current-password' })} ${wrong(desk, ui)}`,
    {
      words: factor.on ? 'factorOff' : 'goOn',
      act: ({ password: given = '' }) => void (factor.on ? desk.dropFactor(given) : desk.beginFactor(given)),
    },
  );
};
