import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as lit from 'lit/html.js';
import { live } from 'lit/directives/live.js';
import { quickReplies, unread } from '../../src/core/visitor';
import * as icons from '../../src/view/icons';
import { spanTime, whenTime } from '../../src/view/time';
import { book, earlier, openForm, rate } from '../../src/widget/acts';
import { dock } from '../../src/widget/dock';
import * as forms from '../../src/widget/forms';
import { take } from '../../src/widget/kit';
import { log } from '../../src/widget/log';
import { ratings } from '../../src/widget/ratings';
import { waiting } from '../../src/widget/waiting';
import { drawn } from '../console/drawn';
import { closePage, openPage, type Page, Part } from './page';

const { draw } = vi.hoisted(() => ({ draw: { each: (): void => undefined } }));
vi.mock('lit/html.js', async (original) => ({ ...(await original<object>()), render: () => draw.each() }));

let page: Page;
const ui = (): Page['widget']['ui']['state'] => page.widget.ui.state;
const state = (): Page['widget']['store']['state'] => page.widget.store.state;
const texts = (): unknown[] => page.sent('message').map((frame) => frame['text']);
const said = (seq: number, role = 'bot', more: object = {}): object => ({
  type: 'event',
  seq,
  kind: 'message',
  author: { role },
  text: `m${seq}`,
  ...more,
});
/** A template in which what is kept `live` stands as text. */
const spelt = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(spelt);
  if (typeof value !== 'object' || value === null || !('values' in value)) return value;
  const values = (value.values as unknown[]).map(spelt);
  return '_$litDirective$' in value ? String(values[0]) : { ...value, values };
};
/** The visitor goes to the site's next page, in the same tab. */
const next = async (): Promise<Page> => (page = await openPage({ stored: page.stored }));

beforeEach(async () => {
  draw.each = () => undefined;
  page = await openPage();
});
afterEach(closePage);

describe('before the first opening', () => {
  it('nothing is stored', async () => {
    await page.pass(1_000);
    expect(page.stored.size).toBe(0);
    expect(page.sockets).toEqual([]);
  });
});

describe('the owner’s box', () => {
  it('comes before what was asked or written while the line was not there yet', async () => {
    page.widget.ask('Where is my order?');
    page.widget.typed('And the other one?');
    page.widget.write();
    page.widget.typed('One more');
    await page.welcome({ consent: true });
    expect(texts()).toEqual([]);
    expect(state().pending).toEqual([]);
    expect(ui().text).toBe('Where is my order?\nAnd the other one?\nOne more');
    expect(page.memory).toMatchObject({ text: ui().text, unsent: [] });
    page.widget.agree();
    await page.answer('agree');
    expect(state().consent).toBe(false);
    page.widget.write();
    await page.pass();
    expect(texts()).toEqual(['Where is my order?\nAnd the other one?\nOne more']);
    expect(ui().text).toBe('');
  });

  it('keeps nobody waiting where there is none: what was written goes when the line is there', async () => {
    page.widget.ask('Where is my order?');
    await page.pass();
    expect(texts()).toEqual([]);
    await page.welcome();
    expect(texts()).toEqual(['Where is my order?']);
  });

  it('comes again with a new conversation, before what the old one did not get', async () => {
    page.widget.open();
    await page.welcome();
    await page.hear(said(1, 'visitor'));
    page.socket.end(1012);
    page.widget.typed('Still there?');
    page.widget.write();
    await page.pass(20_000);
    page.socket.accept();
    await page.hear({ type: 'error', code: 'unauthorized' });
    page.socket.end(1008);
    await page.welcome({ conversation: 'c2', token: 't2', consent: true });
    expect(texts()).toEqual([]);
    expect(ui().text).toBe('Still there?');
  });

  it('stands beside no other way to say something', async () => {
    page.widget.open();
    const buttons = [{ title: 'Where is my order?', id: 'b1' }];
    await page.welcome({ consent: true, last: 1, may: { upload: true } });
    await page.hear(said(1, 'bot', { buttons }));
    expect(quickReplies(state())).not.toBeNull();
    expect(drawn(log(page.widget, state(), ui())).text).not.toContain('quick-reply');
    expect(page.widget.attach([new File(['x'], 'x.png')] as unknown as FileList)).toBe(false);
    page.widget.typed('half');
    page.widget.ask('Where is my order?');
    page.widget.ask('Where is my order?');
    expect(ui().text).toBe('Where is my order?\nhalf');
    expect(texts()).toEqual([]);
    page.widget.agree();
    await page.answer('agree');
    expect(drawn(log(page.widget, state(), ui())).text).toContain('quick-reply');
  });

  it('appears when the hub asks for it only now, with the text in the composer', async () => {
    page.widget.open();
    await page.welcome();
    page.widget.typed('Hello');
    page.widget.write();
    page.widget.typed('Anybody?');
    page.widget.write();
    page.widget.askForPerson();
    await page.pass();
    const [first] = page.sent('message');
    await page.hear({ type: 'error', id: first?.['id'], code: 'forbidden', reason: 'agree' });
    expect(state()).toMatchObject({ consent: true, pending: [] });
    expect(ui().text).toBe('Hello\nAnybody?');
    expect(ui().busy.size).toBe(0);
    page.widget.agree();
    await page.answer('agree');
    page.widget.write();
    await page.pass();
    expect(texts().at(-1)).toBe('Hello\nAnybody?');
    // What is forbidden for another reason no box will mend.
    await page.answer('message', { type: 'error', code: 'forbidden' });
    expect(state()).toMatchObject({ consent: false, pending: [{ mark: 'failed' }] });
  });

  it('appears for who asks for a person before writing anything', async () => {
    page.widget.open();
    await page.welcome();
    page.widget.askForPerson();
    await page.pass();
    await page.answer('request_handoff', { type: 'error', code: 'forbidden', reason: 'agree' });
    expect(state().consent).toBe(true);
    expect(ui()).toMatchObject({ notice: null, text: '' });
    expect(ui().busy.size).toBe(0);
  });
});

describe('what stands in the composer', () => {
  const file = { key: 'k', name: 'lamp.png', file: { id: 'f1', name: 'lamp.png', type: 'image/png', size: 1, url: '/f1' } };

  beforeEach(async () => {
    page.widget.open();
    await page.welcome({ may: { upload: true } });
    page.widget.typed('half a mess');
    page.widget.edit({ files: [file] });
  });

  it('stays when a suggestion is chosen or the page asks', async () => {
    page.widget.say('Where is my order?');
    page.widget.ask('How do I return it?');
    await page.pass();
    expect(texts()).toEqual(['Where is my order?', 'How do I return it?']);
    expect(page.sent('message').some((frame) => 'attachments' in frame)).toBe(false);
    expect(ui()).toMatchObject({ text: 'half a mess', files: [file] });
  });

  it('does not keep a suggestion from being sent while a file is on its way', async () => {
    page.widget.edit({ files: [{ key: 'k', name: 'lamp.png' }] });
    page.widget.write();
    page.widget.say('Where is my order?');
    await page.pass();
    expect(texts()).toEqual(['Where is my order?']);
    expect(ui().text).toBe('half a mess');
  });

  it('is sent whole, and is gone then', async () => {
    page.widget.write();
    await page.pass();
    expect(page.sent('message')).toMatchObject([{ text: 'half a mess', attachments: ['f1'] }]);
    expect(ui()).toMatchObject({ text: '', files: [] });
    expect(page.memory).toMatchObject({ text: '', unsent: [{ text: 'half a mess' }] });
  });

  it('is there again on the site’s next page, until it is sent', async () => {
    await next();
    expect(ui().text).toBe('half a mess');
    page.widget.open();
    await page.welcome();
    page.widget.write();
    await page.answer('message');
    await next();
    expect(ui().text).toBe('');
  });

  it('follows what was done with it on the next page when this one comes back', async () => {
    page.stored.set('silta', JSON.stringify({ ...page.memory, text: 'a whole message' }));
    page.window.tell('pageshow', { persisted: true });
    expect(ui().text).toBe('a whole message');
    page.stored.clear(); // a browser that stores nothing
    page.window.tell('pageshow', { persisted: true });
    expect(ui().text).toBe('a whole message');
  });

  it('is not taken for another’s where no conversation has begun', async () => {
    await next();
    page.stored.clear();
    const blank = await openPage();
    blank.widget.typed('Hello');
    blank.stored.clear();
    blank.window.tell('pageshow', { persisted: true });
    expect(blank.widget.ui.state.text).toBe('Hello');
  });
});

describe('what was read', () => {
  const history = [said(1), said(2, 'visitor'), said(3, 'agent')];

  beforeEach(async () => {
    page.widget.open();
    await page.welcome({ last: 3 });
    await page.hear(...history);
    page.widget.dismiss();
    await page.pass();
  });

  it('is not counted as new on the site’s next page, and what came since is', async () => {
    await next();
    await page.welcome({ last: 4 });
    await page.hear(...history);
    expect(unread(state())).toBe(0);
    expect(page.told).not.toContainEqual(['unread', expect.anything()]);
    await page.hear(said(4, 'agent'));
    expect(page.told.filter(([occasion]) => occasion === 'unread')).toEqual([['unread', 1]]);
  });

  it('stays read where the next page opens the panel before the history has come', async () => {
    await next();
    page.widget.open();
    await page.pass();
    page.widget.dismiss();
    await page.welcome({ last: 3 });
    await page.hear(...history);
    expect(unread(state())).toBe(0);
  });

  it('says nothing of another conversation', async () => {
    await next();
    await page.welcome({ conversation: 'c2', last: 3 });
    await page.hear(...history);
    expect(unread(state())).toBe(2);
  });
});

describe('the height of the panel', () => {
  it('is not smaller for fingers that zoom in', () => {
    Object.assign(page.window.visualViewport, { height: 350, scale: 2 });
    page.widget.open();
    expect(page.style.get('--silta-height')).toBe('700px');
  });
});

describe('the focus', () => {
  const focused = (): string | undefined => page.focused?.name;
  const held = (...inside: string[]): Part => (page.focused = new Part('held', page, inside));
  /** What has the focus is gone with the next drawing. */
  const goes = async (part: Part): Promise<string | undefined> => {
    draw.each = () => (part.isConnected = false);
    page.widget.edit({ notice: 'x' });
    await page.pass();
    return focused();
  };

  beforeEach(async () => {
    page.widget.open();
    await page.welcome();
  });

  it('goes on in the composer when the button that had it is gone', async () => {
    expect(await goes(held())).toBe('[data-testid=composer]');
  });

  it('stays in the dialog on a phone, whose keyboard would cover it', async () => {
    page.fine = false;
    expect(await goes(held())).toBe('[role=dialog]');
  });

  it('goes back to the menu’s button from what the menu offers', async () => {
    page.fine = false;
    expect(await goes(held('.menu'))).toBe('.more');
    expect(await goes(held('.asked'))).toBe('.more');
  });

  it('is not taken from a button whose request is under way: it rests, and can be found', () => {
    take({ ...lit, live, ...icons, spanTime, whenTime });
    const { widget } = page;
    widget.edit({ busy: new Set(['person', 'cancel', 'book', 'mail', 'erase']), scores: { agent: 5, bot: 0 } });
    const cards = [
      waiting(widget, state(), ui()),
      forms.form(widget, state(), ui(), 'phone'),
      forms.mailForm(widget, ui()),
      forms.eraseSure(widget, ui()),
      ratings(widget, { ...state(), rating: 'sending' }, ui()),
    ];
    for (const card of cards) {
      expect(drawn(card).text).toContain('aria-disabled=');
      expect(drawn(card).text).not.toContain('?disabled=');
    }
    // Of the dock's own only the arrow, which has nothing to send.
    expect(drawn(dock(widget, state(), ui())).text.match(/\?disabled=/g)).toHaveLength(1);
    expect(drawn(dock(widget, { ...state(), consent: true }, ui())).text).not.toContain('?disabled=');
  });

  it('on such a button asks for nothing twice', async () => {
    page.widget.askForPerson();
    page.widget.askForPerson();
    page.widget.edit({ scores: { agent: 0, bot: 4 } });
    void rate(page.widget, '');
    void rate(page.widget, '');
    await page.pass();
    expect(page.sent('request_handoff')).toHaveLength(1);
    expect(page.sent('rating')).toHaveLength(1);
  });

  it('leaves a button that can be pressed no more', async () => {
    const send = held();
    draw.each = () => (send.disabled = true);
    page.widget.edit({ notice: 'x' });
    await page.pass();
    expect(focused()).toBe('[data-testid=composer]');
  });

  it('stays where it is otherwise, and is nobody’s after closing', async () => {
    const part = held();
    page.widget.edit({ notice: 'x' });
    await page.pass();
    expect(page.focused).toBe(part);
    page.focused = null;
    page.widget.edit({ notice: 'y' });
    await page.pass();
    expect(page.focused).toBeNull();
    page.widget.dismiss();
    await page.pass();
    expect(focused()).toBe('launcher');
  });
});

describe('the language', () => {
  const asked = (): unknown[] => page.sockets.flatMap((socket) => socket.sent).filter(({ type }) => type === 'language').map((frame) => frame['value']);
  const changed = (seq: number, language: string): object => ({ type: 'event', seq, kind: 'language', author: { role: 'visitor' }, language });

  it('is the one that was chosen last, also when the hub has not answered to the one before', async () => {
    page.widget.open();
    await page.welcome();
    page.widget.setLanguage('da');
    page.widget.setLanguage('fi');
    await page.pass();
    await page.hear(changed(1, 'da'));
    expect(page.widget.shell.language).toBe('fi');
    await page.answer('language');
    expect(asked()).toEqual(['da', 'fi']);
    await page.hear(changed(2, 'fi'));
    await page.answer('language');
    expect(asked(), 'asked once for each').toEqual(['da', 'fi']);
    expect(page.widget.shell.language).toBe('fi');
    expect(ui().busy.size).toBe(0);
    // From then on the hub's word counts again: the visitor writes another language.
    await page.hear(changed(3, 'da'));
    expect(page.widget.shell.language).toBe('da');
  });

  it('can be taken back before its words have come', async () => {
    page.widget.open();
    await page.welcome();
    page.widget.setLanguage('da');
    page.widget.setLanguage('en');
    await page.pass();
    await page.answer('language');
    await page.answer('language');
    expect(asked()).toEqual(['da', 'en']);
    expect(page.widget.shell.language).toBe('en');
  });

  it('that was chosen last while the line was down is the one that stays', async () => {
    page.widget.open();
    await page.welcome();
    page.socket.end(1012);
    page.widget.setLanguage('da');
    page.widget.setLanguage('fi');
    await page.pass(20_000);
    await page.welcome();
    await page.answer('language');
    await page.hear(changed(1, 'da'));
    await page.answer('language');
    await page.hear(changed(2, 'fi'));
    expect(asked()).toEqual(['da', 'fi']);
    expect(page.widget.shell.language).toBe('fi');
  });

  it('is not asked for where the hub has it already, and a wish that was refused is over', async () => {
    page.widget.open();
    page.widget.setLanguage('da');
    await page.welcome({ language: 'da' });
    expect(asked()).toEqual([]);
    await page.hear(changed(1, 'fi'));
    expect(page.widget.shell.language, 'the hub is followed').toBe('fi');
    page.widget.setLanguage('en');
    await page.pass();
    await page.answer('language', { type: 'error', code: 'unavailable' });
    expect(ui().notice).not.toBeNull();
    await page.hear(changed(2, 'da'));
    expect(page.widget.shell.language).toBe('da');
    expect(asked()).toEqual(['en']);
  });
});

describe('a long history', () => {
  const announced = (): string | undefined => /aria-live=(\w+)/.exec(drawn(log(page.widget, state(), ui())).text)?.[1];
  const history = (length: number): object[] => Array.from({ length }, (_, n) => said(n + 1));

  beforeEach(async () => {
    page.widget.open();
    await page.welcome({ last: 200 });
    await page.hear(...history(200));
  });

  it('is read out to nobody when more of it is shown, and stays where it is', async () => {
    const element = Object.assign(new Part('log', page), { scrollHeight: 3_000, scrollTop: 40 });
    page.parts.set('.log', element);
    draw.each = () => (element.scrollHeight = ui().shown > 200 ? 5_000 : 3_000);
    expect(announced()).toBe('polite');
    page.widget.edit({ atEnd: false });
    earlier(page.widget);
    await page.pass();
    expect(announced()).toBe('off');
    expect(element.scrollTop).toBe(2_040);
    expect(page.focused, 'one reads on there, not in the composer').toBe(element);
    await page.pass(900);
    earlier(page.widget);
    await page.pass(900);
    expect(announced(), 'not before the second has been looked at').toBe('off');
    await page.pass(200);
    expect(announced()).toBe('polite');
  });

  it('is no news after a break, but what came meanwhile is', async () => {
    page.socket.end(1012);
    await page.pass(20_000);
    await page.welcome({ last: 201 });
    expect(announced(), 'before it comes').toBe('polite');
    await page.hear(said(201, 'agent'));
    await page.hear({ type: 'resync', from: 1 });
    expect(announced(), 'the same again').toBe('off');
    await page.hear(...history(201));
    expect(announced()).toBe('polite');
  });
});

describe('the sound', () => {
  it('that was chosen on the page before is woken on this one, and tells of what came while the line was down', async () => {
    page.widget.open();
    await page.welcome();
    page.widget.setSound(true);
    page.widget.dismiss();
    vi.stubGlobal('CSSStyleSheet', class { replaceSync = (): void => undefined });
    const more = { chime: vi.fn(), wake: vi.fn(), css: '' };
    page = await openPage({ stored: page.stored, more });
    await page.welcome({ last: 1 });
    await page.hear(said(1, 'agent'));
    expect(more.wake).toHaveBeenCalledTimes(1);
    expect(more.chime).not.toHaveBeenCalled();
    page.socket.end(1012);
    await page.pass(20_000);
    await page.welcome({ last: 2 });
    await page.hear(said(2, 'agent'));
    expect(more.chime).toHaveBeenCalledTimes(1);
  });
});

describe('a call', () => {
  const windows = (...ids: string[]): object => ({
    type: 'status',
    status: 'queued',
    choices: [{ kind: 'callback', windows: ids.map((id) => ({ id, from: `2026-11-24T${id}:00:00Z`, to: `2026-11-24T${id}:59:00Z` })) }],
  });
  /** What the list offers and what is chosen in it, as it is drawn now. */
  const offered = (): { values: string[]; chosen: string[]; invalid: boolean } => {
    const { text } = drawn(spelt(forms.form(page.widget, state(), ui(), 'phone')));
    const options = [...text.matchAll(/<option value=(?:""|(\w+)) \.selected=(\w+)/g)].map(([, id = '', on]) => ({ id, on }));
    return {
      values: options.map(({ id }) => id),
      chosen: options.filter(({ on }) => on === 'true').map(({ id }) => id),
      invalid: /id="silta-window"[^>]*aria-invalid=true/.test(text),
    };
  };

  beforeEach(async () => {
    take({ ...lit, live, ...icons, spanTime, whenTime });
    page.parts.set('#silta-window', new Part('window', page));
    page.widget.open();
    await page.welcome({ status: 'queued' });
    await page.hear(windows('09', '10', '11'));
    openForm(page.widget, 'phone');
  });

  it('is booked for the window that was chosen, whatever becomes of the others', async () => {
    expect(offered()).toEqual({ values: ['09', '10', '11'], chosen: ['09'], invalid: false });
    page.widget.edit({ window: '10' });
    await page.hear(windows('10', '11', '12'));
    expect(offered()).toEqual({ values: ['10', '11', '12'], chosen: ['10'], invalid: false });
    book(page.widget, 'phone', '040 1234567', '', '10');
    await page.pass();
    expect(page.sent('callback')).toMatchObject([{ window: '10' }]);
  });

  it('is booked for no other window than the one that was there when the form was opened', async () => {
    await page.hear(windows('10', '11'));
    expect(offered()).toEqual({ values: ['', '10', '11'], chosen: [''], invalid: true });
    book(page.widget, 'phone', '040 1234567', '', '');
    await page.pass();
    expect(page.sent('callback')).toEqual([]);
    expect(page.focused?.name).toBe('window');
    page.widget.edit({ window: '11' });
    expect(offered()).toEqual({ values: ['10', '11'], chosen: ['11'], invalid: false });
  });

  it.each([{ code: 'conflict' }, { code: 'bad_request', field: 'window' }])('whose window has just gone is chosen anew: %o', async (error) => {
    book(page.widget, 'phone', '040 1234567', '', '09');
    await page.pass();
    await page.answer('callback', { type: 'error', ...error });
    expect(offered()).toMatchObject({ chosen: [''], invalid: true });
    expect(page.focused?.name).toBe('window');
    expect(ui()).toMatchObject({ form: 'phone', notice: null });
  });
});

describe('a paste', () => {
  /** Whether the page takes it as files. */
  const taken = (text: string): boolean => {
    const clipboardData = { files: [new File(['x'], 'image.png')], getData: () => text };
    let taken = false;
    const { handlers } = drawn(dock(page.widget, state(), ui()));
    handlers.find(({ name }) => name === '@paste')?.act({ clipboardData, preventDefault: () => (taken = true) });
    return taken;
  };

  beforeEach(async () => {
    page.widget.open();
    await page.welcome({ may: { upload: true } });
  });

  it('of cells is text, though a picture of them comes along', () => {
    expect(taken('4711\tLamp\t2')).toBe(false);
  });

  it('of a picture is a file', () => {
    expect(taken('')).toBe(true);
  });
});
