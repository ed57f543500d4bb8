/** Message text as templates: text nodes, lists and safe links, never HTML from the wire. */
import { html, type TemplateResult } from 'lit/html.js';
import type { Language } from '../core/protocol';
import { blocks, pieces } from '../core/text';
import { LOCALE } from '../i18n/index';

type Part = TemplateResult | string;

/** Text and links; `words` draws what stands between the links. */
export function inline(text: string, words: (text: string) => readonly Part[] = (text) => [text]): Part[] {
  return pieces(text).flatMap((piece) =>
    piece.kind === 'text'
      ? words(piece.text)
      : [html`<a href=${piece.href} target="_blank" rel="noopener noreferrer nofollow">${piece.text}</a>`],
  );
}

/** What a visitor typed: line breaks as they are, and links. */
export function plain(text: string): TemplateResult {
  return html`<p>${inline(text)}</p>`;
}

/** What the bot or a colleague wrote: as `plain`, and lines that start with a dash are a list. */
export function rich(text: string): TemplateResult {
  return html`${blocks(text).map((block) =>
    block.kind === 'list'
      ? html`<ul>${block.items.map((item) => html`<li>${inline(item)}</li>`)}</ul>`
      : html`<p>${inline(block.text)}</p>`,
  )}`;
}

/** A file's size as people read it: kilobytes, from one megabyte on megabytes. */
export function fileSize(bytes: number, language: Language): string {
  const large = bytes >= 1_000_000;
  const options = { style: 'unit', unit: large ? 'megabyte' : 'kilobyte', maximumFractionDigits: large ? 1 : 0 } as const;
  return new Intl.NumberFormat(LOCALE[language], options).format(Math.max(bytes, 1_000) / (large ? 1e6 : 1e3));
}
