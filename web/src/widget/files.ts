/** Files: those that came with a message, and the button that picks new ones. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import type { FileRef } from '../core/protocol';
import * as icon from '../view/icons';
import { fileSize } from '../view/text';
import type { Widget } from './widget';

/** What the file picker shows first; the hub looks at the content, whatever comes. */
const ACCEPT = 'image/png,image/jpeg,image/gif,image/webp,application/pdf';

/** A file beside the composer: on its way, there (`file`), or refused (`fault`). */
export interface Waiting {
  key: string;
  name: string;
  file?: FileRef;
  fault?: 'fileLarge' | 'fileKind' | 'notNow';
}

/** Files of a message: pictures in place, everything else to be saved. Without an address they are only named. */
export function attached(widget: Widget, files: readonly FileRef[]): TemplateResult | typeof nothing {
  if (!files.length) return nothing;
  return html`<div class="files">
    ${files.map(({ name, type, size, url }) => {
      if (!url) return html`<span class="file">${icon.clip}${name}</span>`;
      const href = new URL(url, widget.shell.origin).href;
      return html`<a class=${type.startsWith('image/') ? 'picture' : 'file'} href=${href} target="_blank" rel="noopener" download=${name}
        >${
          type.startsWith('image/')
            ? html`<img src=${href} alt=${name} @load=${() => widget.settle()} />`
            : html`${icon.clip}<span>${name} <small>${fileSize(size, widget.shell.language)}</small></span>`
        }</a
      >`;
    })}
  </div>`;
}

/** The button that opens the file picker. */
export function picker(widget: Widget): TemplateResult {
  return html`<label class="clip" title=${widget.t('attach')}>
    <input
      type="file"
      class="sr"
      multiple
      accept=${ACCEPT}
      data-testid="attach"
      aria-label=${widget.t('attach')}
      @change=${(event: Event) => {
        const input = event.target as HTMLInputElement;
        widget.attach(input.files);
        input.value = '';
      }}
    />
    ${icon.clip}
  </label>`;
}
