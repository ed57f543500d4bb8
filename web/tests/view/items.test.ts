import { describe, expect, it } from 'vitest';
import { type Frame } from '../../src/core/protocol';
import * as visitor from '../../src/core/visitor';
import * as fi from '../../src/i18n/fi';
import { translator } from '../../src/i18n/index';
import { type MessageRow, type Row, rows } from '../../src/widget/items';

const t = translator({ ...fi.loader, ...fi.widget }, 'fi');
const NOW = new Date('2026-11-21T12:00:00Z').getTime();
const at = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();
const event = (seq: number, kind: string, more: object = {}): Frame => ({ type: 'event', seq, kind, ...more });
const said = (seq: number, role: string, minutes: number, name = ''): Frame =>
  event(seq, 'message', { author: { role, name }, text: `m${seq}`, at: at(minutes) });
const drawn = (...frames: Frame[]): Row[] => rows(frames.reduce(visitor.receive, visitor.newVisitor('fi')), t, NOW);

describe('the rows of the panel', () => {
  it('join the messages of one author, and part them by author and time', () => {
    const all = drawn(
      said(1, 'bot', 30),
      said(2, 'bot', 29),
      said(3, 'bot', 10),
      said(4, 'agent', 9, 'Aino'),
      said(5, 'agent', 8, 'Aino'),
    );
    expect(all.map((row) => [(row as MessageRow).first, (row as MessageRow).last])).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [true, false],
      [false, true],
    ]);
  });

  it('name everybody: the visitor, the bot, the person', () => {
    const all = drawn(
      said(1, 'visitor', 3),
      said(2, 'bot', 2),
      said(3, 'agent', 1, 'Aino'),
      said(4, 'agent', 0),
    ) as MessageRow[];
    expect(all.map((row) => row.name)).toEqual(['Sinä', 'Botti', 'Aino', 'Asiakaspalvelu']);
  });

  it('leave out the first notice of the bot, which stands above them in the language of now, and no other', () => {
    const greeting = { type: 'greeting', notice: 'You are chatting with a bot.' };
    const first = event(1, 'notice', { text: 'Keskustelet botin kanssa.' });
    const back = event(3, 'notice', { text: 'Botti vastaa taas.' });
    const person = event(2, 'assigned', { author: { role: 'agent', name: 'Aino' }, text: 'Aino liittyi.' });
    expect(drawn(greeting, first, person, back).map((row) => row.type === 'line' && row.text)).toEqual([
      'Aino liittyi.',
      'Botti vastaa taas.',
    ]);
    expect(drawn(greeting, event(1, 'hidden'), person, back)).toHaveLength(2);
    expect(drawn(first)).toHaveLength(1); // nothing stands above yet
  });

  it("tell events in the hub's words, else in ours, and leave out what concerns nobody", () => {
    const all = drawn(
      event(1, 'assigned', {
        author: { role: 'agent', name: 'Aino' },
        text: 'Aino liittyi keskusteluun. Nyt sinulle vastaa ihminen.',
      }),
      event(2, 'assigned', { author: { role: 'agent', name: 'Mikkel' } }),
      event(3, 'language', { language: 'da' }),
      event(4, 'hidden'),
      event(5, 'something_new'),
    );
    expect(all.map((row) => row.type === 'line' && row.text)).toEqual([
      'Aino liittyi keskusteluun. Nyt sinulle vastaa ihminen.',
      'Mikkel liittyi keskusteluun',
    ]);
  });

  it('part the days, but not the day that it is', () => {
    const all = drawn(said(1, 'bot', 60 * 30), said(2, 'bot', 1));
    expect(all.map((row) => row.type)).toEqual(['day', 'message', 'day', 'message']);
    expect(drawn(said(1, 'bot', 1)).map((row) => row.type)).toEqual(['message']);
  });

  it('end with what is still on its way, under the same key that its event will have', () => {
    let state = visitor.send(visitor.newVisitor('fi'), 'u1', 'Moi', NOW);
    const [before] = rows(state, t, NOW);
    state = visitor.receive(
      state,
      event(1, 'message', { author: { role: 'visitor' }, text: 'Moi', at: at(0), client_id: 'u1' }),
    );
    const [after, ...rest] = rows(state, t, NOW);
    expect(rest).toEqual([]);
    expect(after?.key).toBe(before?.key);
  });
});
