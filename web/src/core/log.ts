/**
 * A conversation's log as one client knows it: events in order without a gap up to `cursor`, and those that came
 * too early, held until the gap closes. All functions return a new log; the old one stays as it was.
 */
import type { LogEvent } from './protocol';

export interface Log {
  readonly events: readonly LogEvent[];
  /** The highest seq below which nothing is missing: what `hello` and `open` ask to continue from. */
  readonly cursor: number;
  readonly held: ReadonlyMap<number, LogEvent>;
}

export const EMPTY: Log = { events: [], cursor: 0, held: new Map() };

/** The log with `event`; the same object when the event was there already. Hidden events count, but are not kept. */
export function append(log: Log, event: LogEvent): Log {
  if (event.seq <= log.cursor || log.held.has(event.seq)) return log;
  if (event.seq > log.cursor + 1) return { ...log, held: new Map(log.held).set(event.seq, event) };
  const events = [...log.events];
  let cursor = log.cursor;
  let held = log.held;
  let next: LogEvent | undefined = event;
  while (next) {
    if (next.kind !== 'hidden') events.push(next);
    cursor = next.seq;
    const waiting = held.get(cursor + 1);
    if (waiting) {
      const rest = new Map(held);
      rest.delete(cursor + 1);
      held = rest;
    }
    next = waiting;
  }
  return { events, cursor, held };
}

/** True when events came that do not follow on what is here: the client should ask again from its cursor. */
export function hasGap(log: Log): boolean {
  return log.held.size > 0;
}

/** The log from which everything before `seq` is gone, for a hub that no longer holds it. */
export function restartFrom(seq: number): Log {
  return { events: [], cursor: Math.max(0, seq - 1), held: new Map() };
}
