/** Files that wait to be sent with the next message. */
import type { nothing as Nothing, TemplateResult } from 'lit/html.js';
import type { FileRef } from '../core/protocol';
import type { Waiting } from './files';
import { alert, clip, close, html, nothing } from './kit';
import type { Ui, Widget } from './widget';

/** What will go with the next message. */
export function waitingFiles(widget: Widget, ui: Ui): TemplateResult | typeof Nothing {
  const { t } = widget;
  if (!ui.files.length) return nothing;
  return html`<ul class="waiting" aria-label=${t('attach')} aria-live="polite">
    ${ui.files.map(
      (one) =>
        html`<li class=${one.fault ? 'bad' : ''} data-testid="file" data-ready=${one.file !== undefined}>
          ${one.fault ? alert : clip}<span>${one.name} ${one.fault ? t(one.fault) : one.file ? '' : t('sending')}</span>
          <button type="button" aria-label="${t('discard')}: ${one.name}" @click=${() => detach(widget, one.key)}>
            ${close}
          </button>
        </li>`,
    )}
  </ul>`;
}

function detach(widget: Widget, key: string): void {
  widget.edit({ files: widget.ui.state.files.filter((one) => one.key !== key) });
}

/** Sends a file to the hub, where it waits for its message; what is wrong with it is said beside its name. */
export async function upload(widget: Widget, file: File): Promise<void> {
  const key = crypto.randomUUID();
  const { token } = widget.store.state;
  const name = file.name || 'file';
  widget.edit({ files: [...widget.ui.state.files, { key, name }], atEnd: true });
  let made: Partial<Waiting> = { fault: 'notNow' };
  try {
    const answer = await fetch(`${widget.shell.origin}/api/visitor/upload?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      body: file,
      headers: { authorization: `Bearer ${token}` },
    });
    if (answer.ok) made = { file: ((await answer.json()) as { attachment: FileRef }).attachment };
    else if (answer.status === 413) made = { fault: 'fileLarge' };
    else if (answer.status === 400) made = { fault: 'fileKind' };
  } catch {
    // Said beside the file; it can be chosen again.
  }
  widget.edit({ files: widget.ui.state.files.map((one) => (one.key === key ? { ...one, ...made } : one)) });
}
