/** Text with words marked in it: the console's alone, so that the widget does not carry it. */
import { html, type TemplateResult } from 'lit/html.js';
import { marked } from '../core/text';
import { inline } from './text';

/** What a visitor typed, as `plain` of `text` draws it, and the words in `evidence` marked. */
export function plain(text: string, evidence: readonly string[]): TemplateResult {
  const mark = (words: string): readonly (TemplateResult | string)[] =>
    marked(words, evidence).map((cut) => (cut.mark ? html`<mark>${cut.text}</mark>` : cut.text));
  return html`<p>${inline(text, mark)}</p>`;
}
