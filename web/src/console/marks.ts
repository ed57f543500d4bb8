/** What happened to messages after they were written: edited, taken back, reacted to, delivered, read; and files. */
import { html, nothing, type TemplateResult } from 'lit/html.js';
import type { LogEvent } from '../core/protocol';
import { fileSize } from '../view/text';
import type { ConsoleKey, Desk } from './desk';

/** Of one message. `edits` are the later wordings, oldest first. */
export interface Marks {
  edits: string[];
  unsent: boolean;
  reaction: string | null;
}

export interface AllMarks {
  of: Map<number, Marks>;
  delivered: number;
  read: number;
}

/** A file that came with a message: `url` where it is kept, `lost` why it is not. */
export interface Attachment {
  kind?: string;
  name?: string;
  type?: string;
  url?: string;
  mime?: string;
  size?: number;
  lost?: string;
}

const MARKS = new Set(['edited', 'unsent', 'reaction', 'delivered', 'read']);

/** True for an event that is shown at the message it is about, and not as a line of its own. */
export function isMark(event: LogEvent): boolean {
  return MARKS.has(event.kind) && event.of !== undefined;
}

/** All marks of a thread. */
export function marksOf(events: readonly LogEvent[]): AllMarks {
  const all: AllMarks = { of: new Map(), delivered: 0, read: 0 };
  for (const event of events) {
    if (!isMark(event) || event.of === undefined) continue;
    if (event.kind === 'delivered') all.delivered = Math.max(all.delivered, event.of);
    else if (event.kind === 'read') all.read = Math.max(all.read, event.of);
    else {
      const marks = all.of.get(event.of) ?? { edits: [], unsent: false, reaction: null };
      if (event.kind === 'edited') marks.edits.push(event.text ?? '');
      else if (event.kind === 'unsent') marks.unsent = true;
      else marks.reaction = event.on === false ? null : (event.emoji ?? null);
      all.of.set(event.of, marks);
    }
  }
  return all;
}

/** What a message says now; null when it was taken back. */
export function wording(event: LogEvent, marks: Marks | undefined): string | null {
  if (marks?.unsent) return null;
  return marks?.edits[marks.edits.length - 1] ?? event.text ?? '';
}

/** The small print below a message. */
export function smallPrint(desk: Desk, event: LogEvent, marks: AllMarks): TemplateResult | typeof nothing {
  const { t } = desk;
  const own = marks.of.get(event.seq);
  const state =
    event.author?.role === 'visitor' ? '' : event.seq <= marks.read ? t('read') : event.seq <= marks.delivered ? t('delivered') : '';
  const words = [own?.edits.length && !own.unsent ? t('edited') : '', state].filter(Boolean).join(' · ');
  if (!words && !own?.reaction) return nothing;
  return html`<p class="marks" data-testid="marks">
    ${own?.reaction ? html`<span class="reaction">${own.reaction}</span>` : nothing} ${words}
  </p>`;
}

/** What the hub writes in place of a personal number. */
const COVERED = /\[(?:HETU|CPR|CARD|IBAN) ••••\]/;

const KINDS: Readonly<Record<string, ConsoleKey>> = {
  HETU: 'coveredHetu',
  CPR: 'coveredCpr',
  CARD: 'coveredCard',
  IBAN: 'coveredIban',
};

/** The covered numbers of a visitor's message, for whoever asks, where the owner lets them be kept. */
export function covered(desk: Desk, conversation: string, event: LogEvent): TemplateResult | typeof nothing {
  const { t } = desk;
  if (!desk.store.state.may.clear || event.author?.role !== 'visitor' || !COVERED.test(event.text ?? '')) return nothing;
  const { uncovered, busy } = desk.ui.state;
  const values = uncovered.get(event.seq);
  if (!values) {
    return html`<p class="covered">
      <button
        type="button"
        class="text"
        data-testid="uncover"
        title=${t('uncoverHint')}
        ?disabled=${busy.has('clear')}
        @click=${() => void desk.uncover(conversation, event.seq)}
      >
        ${t('uncover')}
      </button>
    </p>`;
  }
  const hide = (): void => {
    const rest = new Map(uncovered);
    rest.delete(event.seq);
    desk.edit({ uncovered: rest });
  };
  return html`<p class="covered" data-testid="uncovered" role="status">
    ${values.map(({ kind, value }) => html`<span class="chip">${t(KINDS[kind] ?? 'coveredCard')} <b>${value}</b></span>`)}
    <button type="button" class="text" @click=${hide}>${t('coverAgain')}</button>
  </p>`;
}

/** A stranger's picture is veiled until somebody wants to see it; one's own house's is not. */
function picture(desk: Desk, event: LogEvent, url: string, name: string): TemplateResult {
  const { seen } = desk.ui.state;
  const open = seen.has(url) || event.author?.role !== 'visitor';
  return html`<span class="picture ${open ? '' : 'veiled'}" data-testid="picture">
    <img src=${url} alt=${open ? name : ''} loading="lazy" />
    ${
      open
        ? html`<a href=${url} download=${name}>${desk.t('fileSave')}</a>`
        : html`<button type="button" class="calm" @click=${() => desk.edit({ seen: new Set([...seen, url]) })}>
            ${desk.t('fileShow')}<span class="sr">: ${name}</span>
          </button>`
    }
  </span>`;
}

/** Files below a message: pictures in place, everything else to be saved. */
export function files(desk: Desk, event: LogEvent): TemplateResult | typeof nothing {
  const { t } = desk;
  const given = (event.attachments ?? []) as Attachment[];
  if (!given.length) return nothing;
  return html`<p class="files">
    ${given.map((file) => {
      if (!file.url?.startsWith('/api/')) return html`<span class="chip">${t('fileLost')}</span>`;
      const name = file.name ?? '';
      return (file.type ?? file.mime)?.startsWith('image/')
        ? picture(desk, event, file.url, name || t('filePicture'))
        : html`<a class="chip" href=${file.url} download=${name} data-testid="file"
            >${name ? `${name} · ${fileSize(file.size ?? 0, desk.ui.state.language)}` : t('fileSave')}</a
          >`;
    })}
  </p>`;
}
