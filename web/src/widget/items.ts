/** From the log and what is still under way to the rows of the panel: order, grouping, day changes. Pure. */
import type { FileRef, LogEvent, Role } from '../core/protocol';
import { type Pending, personOf, readTo, type VisitorState } from '../core/visitor';
import type { WidgetTexts } from './widget';
import { dayKey } from '../view/time';

export interface MessageRow {
  type: 'message';
  key: string;
  role: Role;
  name: string;
  text: string;
  at: string | number | undefined;
  language: string | undefined;
  seq: number | null;
  pending: Pending | null;
  files: readonly FileRef[];
  /** Who answers has had it before their eyes. */
  read: boolean;
  /** First and last of a run by the same author: where name and time stand. */
  first: boolean;
  last: boolean;
}

export interface LineRow {
  type: 'line';
  key: string;
  kind: string;
  text: string;
  language: string | undefined;
  seq: number;
}

export interface DayRow {
  type: 'day';
  key: string;
  at: string | number;
}

export type Row = MessageRow | LineRow | DayRow;

/** How many entries of a long history are drawn at first, and more on each wish. */
export const PAGE = 120;

/** Messages of one author that are further apart than this do not stand as one run. */
const RUN_MS = 5 * 60_000;

/** The words of an event that is no message: the hub's own text, else ours for the kinds that concern a visitor. */
function lineOf(event: LogEvent, t: WidgetTexts): string | null {
  if (event.text) return event.text;
  switch (event.kind) {
    case 'assigned': {
      const name = personOf(event);
      return name ? t('joined', { name }) : t('joinedUnnamed');
    }
    case 'transferred':
      return t('transferred');
    case 'returned_to_bot':
      return t('returned');
    case 'resolved':
      return t('resolved');
    case 'reopened':
      return t('reopened');
    case 'rating':
      return t('ratingThanks');
    default:
      return null;
  }
}

function nameOf(role: Role, name: string | undefined, t: WidgetTexts): string {
  if (role === 'visitor') return t('you');
  if (role === 'bot') return t('bot');
  return name || t('agent');
}

/**
 * The number of the bot's first notice: it stands above the conversation already, there in the language of now.
 *
 * A notice after a person has been there says that the bot is back, and is shown where it was said.
 */
function standingNotice(state: VisitorState): number | null {
  const first = state.log.events.find((event) => event.kind === 'notice' || event.kind === 'assigned');
  return state.notice !== null && first?.kind === 'notice' ? first.seq : null;
}

/** All rows, oldest first. */
export function rows(state: VisitorState, t: WidgetTexts, now: number): Row[] {
  const all: Row[] = [];
  const read = readTo(state);
  let day = dayKey(now);
  const divide = (at: string | number | undefined): void => {
    if (at === undefined || dayKey(at) === day) return;
    day = dayKey(at);
    all.push({ type: 'day', key: `day-${day}-${all.length}`, at });
  };
  const standing = standingNotice(state);
  for (const event of state.log.events) {
    const { author, language, seq, at } = event;
    if (event.kind === 'message' && author && author.role !== 'system') {
      divide(at);
      all.push({
        type: 'message',
        key: event.client_id ?? `seq-${seq}`,
        role: author.role,
        name: nameOf(author.role, author.name, t),
        text: event.text ?? '',
        at,
        language,
        seq,
        pending: null,
        files: (event.attachments ?? []) as FileRef[],
        read: seq <= read,
        first: true,
        last: true,
      });
    } else {
      // Bot and person are rated apart; the thanks are said once.
      const before = all.at(-1);
      if (event.kind === 'rating' && before?.type === 'line' && before.kind === 'rating') continue;
      const text = event.kind === 'message' ? (event.text ?? null) : lineOf(event, t);
      if (text === null || seq === standing) continue;
      divide(at);
      all.push({ type: 'line', key: `seq-${seq}`, kind: event.kind, text, language, seq });
    }
  }
  for (const item of state.pending) {
    divide(item.at);
    all.push({
      type: 'message',
      key: item.id,
      role: 'visitor',
      name: t('you'),
      text: item.text,
      at: item.at,
      language: undefined,
      seq: null,
      pending: item,
      files: item.files ?? [],
      read: false,
      first: true,
      last: true,
    });
  }
  join(all);
  return all;
}

function join(all: Row[]): void {
  for (let index = 1; index < all.length; index++) {
    const before = all[index - 1] as Row;
    const row = all[index] as Row;
    if (row.type !== 'message' || before.type !== 'message') continue;
    const apart = new Date(row.at ?? 0).getTime() - new Date(before.at ?? 0).getTime();
    if (row.role === before.role && row.name === before.name && apart < RUN_MS) {
      row.first = false;
      before.last = before.pending?.mark === 'failed';
    }
  }
}
