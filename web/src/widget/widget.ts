/**
 * The widget's acts: what happens when the visitor opens, writes, presses, waits or leaves. State is in
 * `core/visitor`, looks are in `view`; this file ties them to the connection and the tab's memory.
 */
import { html, nothing, render } from 'lit/html.js';
import { live } from 'lit/directives/live.js';
import { Connection, Refused } from '../core/connection';
import { hasGap } from '../core/log';
import {
  type AckFrame,
  type Button,
  eventOf,
  type FileRef,
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
import { type Translate, translator } from '../i18n/index';
import { soon } from '../view/frame';
import { alert, clip, close } from '../view/icons';
import { spanTime, whenTime } from '../view/time';
import { Attention } from './attention';
import { Back } from './back';
import type { Waiting } from './files';
import { PAGE } from './items';
import { recall, remember } from './memory';
import type { More } from './more';
import type { Panel, Shell, Words } from './shell';
import { Tabs } from './tabs';
import { view } from './view';

/** Events that do not follow on each other by then mean that something was lost on the way. */
const GAP_MS = 3_000;
/** Closer than this to the end counts as reading the newest message. */
const NEAR_END_PX = 96;
/** A way back that has led nowhere by then closes the panel all the same. */
const BACK_MS = 300;

/** Files of one message, as the protocol has it. */
const FILES_MAX = 10;
const NO_SCORES = { agent: 0, bot: 0 };

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
  scores: Readonly<Record<'agent' | 'bot', number>>;
  ratingHidden: boolean;
  /** The bot was waited for too long: no more dots. */
  botLate: boolean;
  /** The form of who would rather be called or written to than wait. */
  form: 'phone' | 'email' | null;
  formFault: 'phoneWrong' | 'emailWrong' | null;
  /** The window chosen for a call. */
  window?: string | undefined;
  /** What comes into the log now was there before: no screen reader announces it. */
  quiet?: boolean;
  sound: boolean;
  /** The visitor is asked whether everything shall go. */
  erasing: boolean;
  /** The visitor is asked where the conversation shall be sent. */
  mailing: boolean;
  /** Files that go with the next message. */
  files: readonly Waiting[];
}

export type WidgetTexts = Translate<keyof Words>;

export class Widget implements Panel {
  readonly store: Store<visitor.VisitorState>;
  readonly ui: Store<Ui>;
  t: WidgetTexts;
  /** The seldom needed parts, once they are loaded. */
  more: More | null = null;
  private readonly connection: Connection;
  private readonly container: HTMLElement;
  private readonly typing = new TypingNotice((on) => this.connection.tell({ type: 'typing', on }));
  private readonly lapses = new Lapses();
  private readonly attention: Attention;
  private readonly tabs: Tabs;
  private readonly back = new Back(() => this.close());
  /** The language that was chosen last, until the hub has answered to it. */
  private chosen: Language | null = null;
  /** The language whose words were asked for last. */
  private wanted: Language | null = null;

  constructor(
    readonly shell: Shell,
    words: Words,
  ) {
    const memory = recall();
    this.attention = new Attention(shell);
    const { token, conversation, seen } = memory;
    this.store = new Store({ ...visitor.newVisitor(shell.language), token, conversation, seen }, soon);
    this.ui = new Store<Ui>(
      {
        open: false,
        whole: false,
        menu: false,
        text: memory.text,
        busy: new Set(),
        notice: null,
        atEnd: true,
        shown: PAGE,
        scores: NO_SCORES,
        ratingHidden: false,
        botLate: false,
        form: null,
        formFault: null,
        sound: memory.sound === true,
        erasing: false,
        mailing: false,
        files: [],
      },
      soon,
    );
    this.t = translator(words, shell.language);
    this.container = document.createElement('div');
    this.container.className = `silta ${shell.theme}`;
    shell.root.append(this.container);

    this.tabs = new Tabs(
      () => {
        const { token, language } = this.store.state;
        return token ? { token, language } : null;
      },
      ({ seen, gone, conversation }) => {
        if (!conversation || conversation !== this.store.state.conversation) return;
        if (gone) this.forget();
        else if (seen !== undefined) this.read(seen);
      },
    );
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
    for (const { id, text, at, ...more } of memory.unsent) this.deliver(id, text, at, more);
    if (memory.sound) this.fetchMore().then((more) => more.wake(), () => undefined);
    if (memory.token) this.connection.start();
    window.addEventListener('online', () => this.connection.nudge());
    window.addEventListener('pageshow', (event) => event.persisted && this.resume());
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
    this.goOn();
    this.shell.emit('open');
  }

  /** The visitor closes the panel: on a phone by the way that the Back button goes, too. */
  dismiss(): void {
    if (this.back.leave()) this.lapses.renew('back', () => this.close(), BACK_MS);
    else this.close();
  }

  close(): void {
    this.lapses.drop('back');
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
    if (this.store.state.consent) this.keep([text]);
    else this.say(text);
  }

  /** The owner's box comes first; texts wait for it where they can be seen, before what stands there, and once. */
  private keep(texts: string[]): void {
    const { text } = this.ui.state;
    const there = text.split('\n');
    this.edit({ text: [...texts.filter((one) => !there.includes(one)), text].filter(Boolean).join('\n') });
    this.save();
  }

  /** The hub wants the box ticked first: what was meant to be said is taken back from the line. */
  private takeBack(): void {
    const { pending } = this.store.state;
    this.connection.clear();
    this.store.update(visitor.withhold);
    this.edit({ busy: new Set() });
    this.wish();
    this.keep(pending.map(({ text }) => text));
  }

  /** True where the hub has refused only because the box, put up since the welcome, is not ticked: now it is shown. */
  private unagreed(error: unknown): boolean {
    const asked = error instanceof Refused && error.frame.reason === 'agree';
    if (asked) this.takeBack();
    return asked;
  }

  /** Changes the language of the widget and, once there is a conversation, of all that the hub says in it. */
  setLanguage(language: Language): void {
    if (language === this.tongue && language === this.store.state.language) return;
    this.speak(language);
    this.chosen = language;
    if (this.store.state.welcomed) this.wish();
    this.save();
  }

  /** Tells the hub which language was chosen last; again when it has become another before the answer. */
  private wish(): void {
    const value = this.chosen;
    if (!value) return;
    this.attempt('language', { type: 'language', value })?.then(() => {
      if (this.chosen === value) this.chosen = null;
      this.wish();
    });
  }

  /** Sends what stands in the composer. Empty and overlong text stays there, and all while a file is on its way. */
  write(): void {
    const { text, files } = this.ui.state;
    const coming = files.some((one) => !one.file && !one.fault);
    if (coming || !this.say(text, files.flatMap(({ file }) => file ?? []))) return;
    this.edit({ text: '', files: [] });
    this.save();
    this.typing.stop();
  }

  /** Says something that was chosen, not written: the composer keeps what is in it. False where it cannot be sent. */
  say(text: string, files: readonly FileRef[] = []): boolean {
    const trimmed = text.trim();
    if ((!trimmed && !files.length) || [...trimmed].length > MAX_TEXT) return false;
    this.deliver(crypto.randomUUID(), trimmed, Date.now(), files.length ? { files } : {});
    this.edit({ atEnd: true, notice: null });
    return true;
  }

  /** Takes files to go with the next message; false when there are none, or none are taken here. */
  attach(files: FileList | null | undefined): boolean {
    const { may, consent } = this.store.state;
    if (!files?.length || !may.upload || consent) return false;
    // The list is the picker's own, and empties with it.
    const given = [...files].slice(0, FILES_MAX - this.ui.state.files.length);
    this.withMore((more) => given.forEach((file) => void more.upload(this, file)));
    return true;
  }

  /** A picture has found its size: who reads the end still does. */
  settle(): void {
    if (this.ui.state.atEnd) this.toEnd();
  }

  agree(): void {
    this.attempt('agree', { type: 'agree' }, () => {
      this.store.update((state) => ({ ...state, consent: false }));
      requestAnimationFrame(() => this.goOn());
    });
  }

  /** Runs `then` with the seldom needed parts, which may have to be loaded first. */
  withMore(then: (more: More) => void): void {
    this.edit({ menu: false });
    this.fetchMore().then(then, () => this.edit({ notice: this.t('notNow') }));
  }

  private async fetchMore(): Promise<More> {
    const make = await this.shell.more();
    if (!this.more) {
      this.more = make({ html, nothing, live, alert, clip, close, spanTime, whenTime });
      this.dress(this.more.css);
      this.draw();
    }
    return this.more;
  }

  /** Loads them before they are asked for; if that fails, it is tried again when they are. */
  foresee(): void {
    this.fetchMore().catch(() => undefined);
  }

  private dress(css: string): void {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.shell.root.adoptedStyleSheets = [...this.shell.root.adoptedStyleSheets, sheet];
  }

  press(button: Button): void {
    this.deliver(crypto.randomUUID(), button.title, Date.now(), { button: button.id });
    this.edit({ atEnd: true });
  }

  /** Sends a failed message again: under a new id, since the hub has answered the old one for good. */
  retry(item: visitor.Pending): void {
    this.store.update((state) => visitor.discard(state, item.id));
    const { button, files } = item;
    this.deliver(crypto.randomUUID(), item.text, Date.now(), { ...(button === undefined ? {} : { button }), ...(files ? { files } : {}) });
  }

  discard(item: visitor.Pending): void {
    this.store.update((state) => visitor.discard(state, item.id));
    this.save();
  }

  askForPerson(): void {
    this.attempt('person', { type: 'request_handoff' });
  }

  end(): void {
    this.edit({ menu: false });
    this.attempt('end', { type: 'end' });
  }

  setSound(sound: boolean): void {
    this.edit({ sound });
    if (sound) this.fetchMore().then((more) => more.chime(), () => undefined);
    this.save();
  }

  /** The hub has deleted the conversation: so does this tab, and those beside it. */
  erased(): void {
    this.tabs.tell({ gone: true, conversation: this.store.state.conversation });
    this.forget();
    this.edit({ notice: this.t('erased') });
  }

  private forget(): void {
    this.connection.stop();
    this.connection.clear();
    this.chosen = null;
    this.store.update(() => visitor.newVisitor(this.shell.language));
    this.edit({ busy: new Set(), erasing: false, mailing: false, form: null, text: '', files: [], atEnd: true });
    this.save();
    if (this.ui.state.open) this.connection.start();
  }

  /** The composer's text changed. */
  typed(text: string): void {
    this.edit({ text });
    this.save();
    if (this.store.state.status !== 'assigned') return;
    this.typing.typed(text);
  }

  /** The page is back as it was left; what was done on others since, the tab's memory tells. */
  private resume(): void {
    const { conversation, seen, text } = recall();
    if (conversation && conversation === this.store.state.conversation) {
      this.edit({ text });
      this.read(seen);
    }
    this.connection.nudge();
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

  private async hello(): Promise<Request> {
    if (!this.store.state.token) {
      // Another tab may be in a conversation already: then this one joins it.
      const { token = null } = (await this.tabs.find()) ?? {};
      this.store.update((state) => ({ ...state, token }));
    }
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
      if (state.consent && state.pending.length) this.takeBack();
      if (state.status !== 'bot') this.foresee();
      if (this.chosen === state.language && !this.ui.state.busy.has('language')) this.chosen = null;
      if (this.chosen) this.wish();
      else if (state.language !== this.shell.language) this.speak(state.language);
      this.save();
    }
    if (frame.type === 'event' && state.log !== before.log) {
      const event = eventOf(frame);
      this.news();
      this.follow(event);
      const news = event.seq > state.historyEnd && event.kind === 'message' && event.author?.role !== 'visitor';
      if (news && this.ui.state.sound && (document.hidden || !this.ui.state.open)) this.more?.chime();
    }
    if (frame.type === 'typing' && frame['on'] === true) {
      const off = { ...frame, on: false };
      this.lapses.renew(String(frame['role']), () => this.store.update((now) => visitor.receive(now, off)));
    }
    if (state.callback !== before.callback) this.foresee();
    if (state.status !== before.status) {
      this.shell.emit('status', state.status);
      if (state.status !== 'bot') this.foresee();
      if (state.status !== 'queued') this.edit({ form: null });
      if (state.status === 'resolved') this.edit({ ratingHidden: false, scores: NO_SCORES });
    }
    if (hasGap(state.log)) this.lapses.begin('gap', () => this.connection.restart(), GAP_MS);
    else this.lapses.drop('gap');
  }

  /** The conversation's language changed, by the visitor's choice or because they write another one: so does ours. */
  private follow(event: LogEvent): void {
    const { language, kind, seq } = event;
    // Until the hub has answered to the visitor's last wish, the log may still tell of an earlier one.
    const ours = isLanguage(language) && language === (this.chosen ?? language);
    if (kind === 'language' && ours && seq > this.store.state.historyEnd) this.speak(language);
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

  /** Changes the widget's own words; they may have to be loaded first. The last wish counts. */
  private speak(language: Language): void {
    this.wanted = language;
    this.shell.words(language).then(
      (words) => {
        if (this.wanted !== language) return;
        this.shell.language = language;
        this.t = translator(words, language);
        this.store.update((state) => ({ ...state, language }));
        this.draw();
        this.save();
      },
      () => {
        this.wanted = null;
        this.edit({ notice: this.t('notNow') });
      },
    );
  }

  /** The language that was chosen, though its words may still be on their way. */
  get tongue(): Language {
    return this.wanted ?? this.shell.language;
  }

  private deliver(id: string, text: string, at: number, more: visitor.Carried = {}): void {
    const { button, files } = more;
    this.store.update((state) => visitor.send(state, id, text, at, more));
    this.connection.start();
    this.save();
    this.botLate();
    const frame: Request = {
      type: 'message',
      ...(button === undefined ? {} : { button }),
      ...(button === undefined && text ? { text } : {}),
      ...(files ? { attachments: files.map((file) => file.id) } : {}),
    };
    this.connection
      .request(frame, id, () => this.store.update((state) => visitor.held(state, id)))
      .then(
        () => this.store.update((state) => visitor.sent(state, id)),
        (error: unknown) => {
          if (this.unagreed(error)) return;
          const code = error instanceof Refused ? error.code : 'unknown';
          this.store.update((state) => visitor.failed(state, id, code));
        },
      )
      .finally(() => this.save());
  }

  /**
   * Asks the hub once for something that rests its button meanwhile; what goes wrong is said above the composer. Settles
   * after that; nothing where the same is under way.
   */
  attempt(
    name: string,
    frame: Request,
    done: (ack: AckFrame) => void = () => undefined,
    refused: (error: Refused) => boolean = () => false,
  ): Promise<void> | undefined {
    if (this.ui.state.busy.has(name)) return;
    this.connection.start();
    this.edit({ busy: new Set([...this.ui.state.busy, name]), notice: null });
    return this.connection
      .request(frame)
      .then(done, (error: unknown) => {
        if (this.unagreed(error) || (error instanceof Refused && refused(error))) return;
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
    const { token, conversation, seen, pending, language } = this.store.state;
    remember({
      token,
      conversation,
      seen,
      text: this.ui.state.text,
      open: this.ui.state.open,
      language,
      sound: this.ui.state.sound,
      unsent: pending
        .filter((item) => item.mark === 'sending' || item.mark === 'waiting')
        .map(({ mark: _mark, code: _code, ...unsent }) => unsent),
    });
  }

  /** Asks the hub for something that is sent until it is answered. */
  request(frame: Request): Promise<AckFrame> {
    return this.connection.request(frame);
  }

  find<T extends HTMLElement>(selector: string): T | null {
    return this.container.querySelector<T>(selector);
  }

  /** The visitor has had the log before their eyes up to here. */
  private read(seen: number): void {
    this.store.update((state) => visitor.see(state, seen));
    this.save();
  }

  /** Puts the cursor where one goes on, at opening and when what `held` it is gone: what the menu offered leads back to it. */
  private goOn(held?: Element): void {
    // A finger's keyboard would cover what there is to read first.
    const place = held?.closest('.menu, .asked') ? '.more' : matchMedia('(pointer: fine)').matches && '[data-testid=composer]';
    const next = (place && this.find<HTMLElement>(place)) || this.find<HTMLElement>('[role=dialog]');
    next?.focus({ preventScroll: true });
  }

  /** A phone's keyboard takes room that CSS units do not tell of. */
  private fit(): void {
    const viewport = window.visualViewport;
    // Fingers that zoom in make the part in sight smaller, but not the panel.
    if (viewport) this.container.style.setProperty('--silta-height', `${Math.round(viewport.height * viewport.scale)}px`);
    const whole = this.ui.state.open && matchMedia('(max-width: 480px), (max-height: 480px)').matches;
    document.documentElement.style.overflow = whole ? 'hidden' : '';
    this.container.classList.toggle('whole', whole);
    if (whole !== this.ui.state.whole) {
      this.edit({ whole });
      if (whole) this.back.enter();
    }
    if (this.ui.state.atEnd) requestAnimationFrame(() => this.toEnd());
  }

  private draw(): void {
    const { open, atEnd } = this.ui.state;
    const state = this.store.state;
    const held = this.shell.root.activeElement;
    this.container.lang = this.shell.language;
    render(view(this, state, this.ui.state), this.container);
    if (open && held && (!held.isConnected || held.matches(':disabled'))) this.goOn(held);
    if (open && atEnd) {
      const log = this.find<HTMLElement>('.log');
      if (log) log.scrollTop = log.scrollHeight;
      if (!document.hidden && state.seen < state.log.cursor) {
        this.read(state.log.cursor);
        this.tabs.tell({ conversation: state.conversation, seen: state.log.cursor });
      }
    }
    this.container.classList.toggle('open', open);
    this.attention.show(this.store.state, open, this.t);
  }
}
