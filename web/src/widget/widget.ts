/**
 * The widget's acts: what happens when the visitor opens, writes, presses, waits or leaves. State is in
 * `core/visitor`, looks are in `view`; this file ties them to the connection and the tab's memory.
 */
import { render } from 'lit/html.js';
import { Connection, Refused } from '../core/connection';
import { hasGap } from '../core/log';
import {
  type Button,
  eventOf,
  type Frame,
  isLanguage,
  type Language,
  type LogEvent,
  MAX_TEXT,
  type Request,
} from '../core/protocol';
import { Store } from '../core/store';
import { Lapses, TypingNotice } from '../core/typing';
import * as visitor from '../core/visitor';
import { translator } from '../i18n/index';
import * as da from '../i18n/da';
import * as en from '../i18n/en';
import * as fi from '../i18n/fi';
import { soon } from '../view/frame';
import { Attention } from './attention';
import { recall, remember } from './memory';
import type { Panel, Shell } from './shell';
import { view } from './view';

const TEXTS = {
  fi: { ...fi.loader, ...fi.widget },
  da: { ...da.loader, ...da.widget },
  en: { ...en.loader, ...en.widget },
};

/** Events that do not follow on each other by then mean that something was lost on the way. */
const GAP_MS = 3_000;
/** Closer than this to the end counts as reading the newest message. */
const NEAR_END_PX = 96;
/** How many entries of a long history are drawn at first, and more on each wish. */
export const PAGE = 120;

/** What the visitor sees besides the conversation itself. */
export interface Ui {
  open: boolean;
  /** The panel covers the whole screen, as on a phone. */
  whole: boolean;
  menu: boolean;
  text: string;
  /** A request of this kind is under way: its button rests. */
  busy: ReadonlySet<string>;
  notice: string | null;
  atEnd: boolean;
  shown: number;
  score: number;
  ratingHidden: boolean;
  /** The bot was waited for too long: no more dots. */
  botLate: boolean;
}

export type WidgetTexts = ReturnType<typeof translator<(typeof TEXTS)['en']>>;

export class Widget implements Panel {
  readonly store: Store<visitor.VisitorState>;
  readonly ui: Store<Ui>;
  t: WidgetTexts;
  /** The page's language, in which its suggestions are written. */
  readonly firstLanguage: Language;
  private readonly connection: Connection;
  private readonly container: HTMLElement;
  private readonly typing = new TypingNotice((on) => this.connection.tell({ type: 'typing', on }));
  private readonly lapses = new Lapses();
  private readonly attention: Attention;
  /** A language that was chosen before the hub could be told. */
  private chosen: Language | null = null;

  constructor(readonly shell: Shell) {
    const memory = recall();
    this.firstLanguage = shell.language;
    if (isLanguage(memory.language)) shell.language = memory.language;
    this.attention = new Attention(shell);
    this.store = new Store({ ...visitor.newVisitor(shell.language), token: memory.token }, soon);
    this.ui = new Store<Ui>(
      {
        open: false,
        whole: false,
        menu: false,
        text: '',
        busy: new Set(),
        notice: null,
        atEnd: true,
        shown: PAGE,
        score: 0,
        ratingHidden: false,
        botLate: false,
      },
      soon,
    );
    this.t = translator(TEXTS[shell.language], shell.language);
    this.container = document.createElement('div');
    this.container.className = `silta ${shell.theme}`;
    shell.root.append(this.container);

    const socket = `${shell.origin.replace(/^http/, 'ws')}/ws/visitor`;
    this.connection = new Connection({
      connect: () => new WebSocket(socket),
      hello: () => this.hello(),
      onFrame: (frame) => this.receive(frame),
      onLink: (link, retryAt) => this.store.update((state) => ({ ...state, link, retryAt })),
      onUnauthorized: () => {
        // The token is of no use any more: a new conversation begins, with what was not sent yet.
        this.store.update((state) => ({ ...state, token: null }));
        return true;
      },
    });

    this.store.watch(() => this.draw());
    this.ui.watch(() => this.draw());
    for (const item of memory.unsent) this.deliver(item.id, item.text, item.at, item.button);
    if (memory.token) this.connection.start();
    window.addEventListener('online', () => this.connection.nudge());
    window.addEventListener('pageshow', (event) => event.persisted && this.connection.nudge());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) {
        this.connection.nudge();
        this.draw();
      }
    });
    window.visualViewport?.addEventListener('resize', () => this.fit());
    this.draw();
  }

  /** Opens the panel and puts the cursor where one writes. */
  open(): void {
    if (this.ui.state.open) return;
    this.connection.start();
    this.edit({ open: true, atEnd: true });
    this.save();
    this.fit();
    this.draw();
    this.toEnd();
    // A finger's keyboard would cover what there is to read first.
    const fine = matchMedia('(pointer: fine)').matches;
    this.find<HTMLElement>(fine ? '[data-testid=composer]' : '[role=dialog]')?.focus();
    this.shell.emit('open');
  }

  close(): void {
    if (!this.ui.state.open) return;
    this.edit({ open: false, menu: false });
    this.save();
    this.fit();
    this.draw();
    this.shell.launcher.focus();
    this.shell.emit('close');
  }

  ask(text: string): void {
    this.open();
    this.write(text);
  }

  /** Changes the language of the widget and, once there is a conversation, of all that the hub says in it. */
  setLanguage(language: Language): void {
    if (language === this.shell.language && language === this.store.state.language) return;
    this.speak(language);
    if (this.store.state.welcomed) this.attempt('language', { type: 'language', value: language });
    else this.chosen = language;
    this.save();
  }

  /** Sends what the visitor wrote. Empty and overlong text stays in the composer. */
  write(text: string): void {
    const trimmed = text.trim();
    if (!trimmed || [...trimmed].length > MAX_TEXT) return;
    this.deliver(crypto.randomUUID(), trimmed, Date.now());
    this.edit({ text: '', atEnd: true, notice: null });
    this.typing.stop();
  }

  press(button: Button): void {
    this.deliver(crypto.randomUUID(), button.title, Date.now(), button.id);
    this.edit({ atEnd: true });
    this.find<HTMLElement>('[data-testid=composer]')?.focus({ preventScroll: true });
  }

  /** Sends a failed message again: under a new id, since the hub has answered the old one for good. */
  retry(item: visitor.Pending): void {
    this.store.update((state) => visitor.discard(state, item.id));
    this.deliver(crypto.randomUUID(), item.text, Date.now(), item.button);
  }

  discard(item: visitor.Pending): void {
    this.store.update((state) => visitor.discard(state, item.id));
    this.save();
  }

  askForPerson(): void {
    this.attempt('person', { type: 'request_handoff' });
  }

  leaveQueue(): void {
    this.attempt('cancel', { type: 'cancel_handoff' });
  }

  end(): void {
    this.edit({ menu: false });
    this.attempt('end', { type: 'end' });
  }

  async rate(score: number, comment: string): Promise<void> {
    this.store.update((state) => ({ ...state, rating: 'sending' }));
    try {
      const text = comment.trim();
      await this.connection.request({ type: 'rating', score, ...(text ? { comment: text } : {}) });
      this.store.update((state) => ({ ...state, rating: 'done' }));
    } catch (error) {
      // A hub without ratings yet: the visitor is thanked for nothing and asked for nothing again.
      const gone = error instanceof Refused && error.code === 'bad_request';
      this.store.update((state) => ({ ...state, rating: gone ? 'unavailable' : 'none' }));
      this.edit({ notice: this.t('notNow') });
    }
  }

  /** The composer's text changed. */
  typed(text: string): void {
    this.edit({ text });
    if (this.store.state.status !== 'assigned') return;
    this.typing.typed(text);
  }

  tryNow(): void {
    this.connection.nudge();
  }

  edit(change: Partial<Ui>): void {
    this.ui.update((ui) => ({ ...ui, ...change }));
  }

  /** The visitor scrolled: remember whether the end is in sight, and count what is there as seen. */
  scrolled(log: HTMLElement): void {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
    if (atEnd !== this.ui.state.atEnd) this.edit({ atEnd });
  }

  toEnd(): void {
    const log = this.find<HTMLElement>('.log');
    if (log) log.scrollTop = log.scrollHeight;
    this.edit({ atEnd: true });
  }

  private hello(): Request {
    const { token, log } = this.store.state;
    // Without query and fragment: they may tell more of the visitor than a shop's page needs to.
    const page = (location.origin + location.pathname).slice(0, 500);
    return {
      type: 'hello',
      ...(token ? { token } : {}),
      after: token ? log.cursor : 0,
      language: this.shell.language,
      page,
    };
  }

  private receive(frame: Frame): void {
    const before = this.store.state;
    this.store.update((state) => visitor.receive(state, frame));
    const state = this.store.state;
    if (frame.type === 'welcome') {
      const { chosen } = this;
      this.chosen = null;
      if (chosen && chosen !== state.language) this.attempt('language', { type: 'language', value: chosen });
      else if (state.language !== this.shell.language) this.speak(state.language);
      this.save();
    }
    if (frame.type === 'event' && state.log !== before.log) {
      this.news();
      this.follow(eventOf(frame));
    }
    if (frame.type === 'typing' && frame['on'] === true) {
      const off = { ...frame, on: false };
      this.lapses.renew(String(frame['role']), () => this.store.update((now) => visitor.receive(now, off)));
    }
    if (state.status !== before.status) {
      this.shell.emit('status', state.status);
      if (state.status === 'resolved') this.edit({ ratingHidden: false, score: 0 });
    }
    if (hasGap(state.log)) this.lapses.begin('gap', () => this.connection.restart(), GAP_MS);
    else this.lapses.drop('gap');
  }

  /** The conversation's language changed, by the visitor's choice or because they write another one: so does ours. */
  private follow(event: LogEvent): void {
    const { language, kind, seq } = event;
    if (kind === 'language' && isLanguage(language) && seq > this.store.state.historyEnd) this.speak(language);
  }

  private news(): void {
    this.save();
    this.botLate();
  }

  /** Dots stand for a bot that is about to answer; after a while they would be a lie. */
  private botLate(): void {
    this.edit({ botLate: false });
    this.lapses.renew('late', () => this.edit({ botLate: true }));
  }

  private speak(language: Language): void {
    this.shell.language = language;
    this.t = translator(TEXTS[language], language);
    this.store.update((state) => ({ ...state, language }));
  }

  private deliver(id: string, text: string, at: number, button?: string): void {
    this.store.update((state) => visitor.send(state, id, text, at, button));
    this.connection.start();
    this.save();
    this.botLate();
    const frame: Request = button === undefined ? { type: 'message', text } : { type: 'message', button };
    this.connection
      .request(frame, id)
      .then(
        () => this.store.update((state) => visitor.sent(state, id)),
        (error: unknown) => {
          const code = error instanceof Refused ? error.code : 'unknown';
          this.store.update((state) => visitor.failed(state, id, code));
        },
      )
      .finally(() => this.save());
  }

  private attempt(name: string, frame: Request): void {
    if (this.ui.state.busy.has(name)) return;
    this.connection.start();
    this.edit({ busy: new Set([...this.ui.state.busy, name]), notice: null });
    this.connection
      .request(frame)
      .catch((error: unknown) => {
        // An act that came too late (already queued, already left) has nothing to say to the visitor.
        if (!(error instanceof Refused) || error.code !== 'conflict') this.edit({ notice: this.t('notNow') });
      })
      .finally(() => {
        const busy = new Set(this.ui.state.busy);
        busy.delete(name);
        this.edit({ busy });
      });
  }

  private save(): void {
    const { token, pending, language } = this.store.state;
    remember({
      token,
      open: this.ui.state.open,
      language,
      unsent: pending
        .filter((item) => item.mark === 'sending')
        .map(({ id, text, at, button }) => ({ id, text, at, ...(button === undefined ? {} : { button }) })),
    });
  }

  private find<T extends HTMLElement>(selector: string): T | null {
    return this.container.querySelector<T>(selector);
  }

  /** A phone's keyboard takes room that CSS units do not tell of. */
  private fit(): void {
    const viewport = window.visualViewport;
    if (viewport) this.container.style.setProperty('--silta-height', `${Math.round(viewport.height)}px`);
    const whole = this.ui.state.open && matchMedia('(max-width: 480px), (max-height: 480px)').matches;
    document.documentElement.style.overflow = whole ? 'hidden' : '';
    this.container.classList.toggle('whole', whole);
    if (whole !== this.ui.state.whole) this.edit({ whole });
    if (this.ui.state.atEnd) requestAnimationFrame(() => this.toEnd());
  }

  private draw(): void {
    const { open, atEnd } = this.ui.state;
    const state = this.store.state;
    this.container.lang = this.shell.language;
    render(view(this, state, this.ui.state), this.container);
    if (open && atEnd) {
      const log = this.find<HTMLElement>('.log');
      if (log) log.scrollTop = log.scrollHeight;
      if (!document.hidden) this.store.update(visitor.see);
    }
    this.container.classList.toggle('open', open);
    this.attention.show(this.store.state, open, this.t);
  }
}
