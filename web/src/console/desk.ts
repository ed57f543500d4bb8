/**
 * The console's acts: signing in, taking conversations, answering, letting go. State is in `core/agent`, looks are
 * in the views; this file ties them to the connection.
 */
import { render } from 'lit/html.js';
import * as agent from '../core/agent';
import { Connection, Refused } from '../core/connection';
import {
  type AckFrame,
  type AgentWelcome,
  type Covered,
  type ErrorFrame,
  type FileRef,
  type Frame,
  isLanguage,
  type Language,
  MAX_TEXT,
  type Packet,
  type Presence,
  type QueueEntry,
  type Request,
  type Status,
} from '../core/protocol';
import { hasGap } from '../core/log';
import { promiseIn } from '../core/promise';
import { Store } from '../core/store';
import { Lapses, TypingNotice } from '../core/typing';
import * as da from '../i18n/da';
import * as en from '../i18n/en';
import * as fi from '../i18n/fi';
import { translator } from '../i18n/index';
import { download } from '../view/download';
import { soon } from '../view/frame';
import * as api from './api';
import { Bell } from './bell';
import * as replies from './canned';
import { arrival } from './arrival';
import { forgetChoice, recallChoice, rememberChoice } from './choices';
import { Drafts } from './drafts';
import { onKey } from './keys';
import {
  calm,
  draftKey,
  isTheme,
  isYes,
  type Mode,
  newUi,
  PAGE,
  preferred,
  ROOMY,
  type Theme,
  type Toast,
  type Ui,
  type View,
} from './ui';
import { favicon } from './favicon';
import { Focus } from './focus';
import { counted } from './offers';
import { endInSight, Place } from './place';
import { refusal } from './refusals';
import { UnsentShelf } from './unsent';
import { view } from './view';
import { visitorName } from './words';

const TEXTS = { fi: fi.console, da: da.console, en: en.console };
export type ConsoleTexts = ReturnType<typeof translator<typeof en.console>>;
export type ConsoleKey = keyof typeof en.console;

/** Waiting times are told in minutes; twice a minute is often enough. */
const TICK_MS = 30_000;
const GAP_MS = 3_000;
const TOAST_MS = 6_000;
/** Two answers closer than this are asked about: the second was written without having read the first. */
const JUST_MS = 10_000;
/** Screen readers gather for a moment what has changed before they read it out. */
const RECALLING_MS = 500;
/** The longest smooth scroll is over by then. */
const SCROLLED_MS = 1_000;
/** An agent who looks says so every TICK_MS; without that they have gone. */
const VIEWING_LAPSES_MS = 75_000;

/** The field in which the agent types, and what stands in it. */
type Field = { at: Element; value: string } | null;

function field(): Field {
  const at = document.activeElement?.closest<HTMLInputElement>('input, textarea, select');
  return at ? { at, value: at.value } : null;
}

export class Desk {
  readonly store: Store<agent.AgentState>;
  readonly ui: Store<Ui>;
  t: ConsoleTexts;
  private readonly connection: Connection;
  private readonly lapses = new Lapses();
  /** The conversation in which this agent is typing, and the notice that says so. */
  private typing: { id: string; notice: TypingNotice } | null = null;
  private toastId = 0;
  /** Up to where each visitor has been told that they were read. */
  private readonly readTo = new Map<string, number>();
  /** Ends a countdown's ticking. */
  private ticking: ReturnType<typeof setInterval> | null = null;
  /** By how much this machine's clock is ahead of the hub's. */
  private aheadMs = 0;
  readonly drafts = new Drafts(this);
  private readonly unsent = new UnsentShelf();
  private readonly bell = new Bell(this);
  private readonly focus: Focus;
  private readonly place: Place;
  /** Conversations that this agent is taking: the hub's frames may tell so before its answer does. */
  private readonly taking = new Set<string>();
  /** The owner's replies, fetched once after signing in. */
  canned: readonly api.Canned[] = [];
  macros: readonly api.Macro[] = [];

  constructor(private readonly container: HTMLElement) {
    const language = recallChoice('language', isLanguage) ?? preferred();
    const theme = recallChoice('theme', isTheme) ?? 'auto';
    this.store = new Store(agent.newAgentState(), soon);
    this.ui = new Store<Ui>(newUi(language, theme, matchMedia(ROOMY).matches), soon);
    this.t = translator(TEXTS[language], language);
    this.focus = new Focus(container);
    this.place = new Place(container);
    this.connection = new Connection({
      connect: () => new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws/agent`),
      hello: async () => {
        const token = await api.socketToken();
        const { selected, language } = this.ui.state;
        this.store.update((state) => agent.trim(state, selected));
        return { type: 'hello', token, cursors: agent.cursors(this.store.state), language };
      },
      onFrame: (frame) => this.receive(frame),
      onLink: (link, retryAt) => {
        this.store.update((state) => ({ ...state, link, retryAt }));
        if (link === 'refused') this.signedOut();
        if (link === 'open') this.look(this.ui.state.selected);
      },
      onUnauthorized: () => true,
    });
    this.store.watch(() => this.draw());
    this.store.watch((state) => this.unsent.keep(state));
    this.ui.watch(() => this.draw());
    setInterval(() => {
      this.edit({ now: this.now() });
      if (this.ui.state.selected) this.look(this.ui.state.selected);
    }, TICK_MS);
    window.addEventListener('online', () => this.connection.nudge());
    window.addEventListener('pageshow', (event) => event.persisted && this.connection.nudge());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) {
        this.connection.nudge();
        this.edit({ now: this.now() });
      }
    });
    document.addEventListener('keydown', (event) => onKey(this, event));
    this.dress();
    // Where nobody signed in, asking for a socket would only be refused.
    const back = arrival();
    if (back.signedIn) rememberChoice('session', 'yes');
    if (recallChoice('session', isYes)) this.connection.start();
    else this.signedOut();
    if (back.fault) this.edit({ fault: back.fault });
    this.draw();
  }

  /** The time by the hub's clock, which is the one that what it tells is stamped with. */
  private now(): number {
    return Date.now() - this.aheadMs;
  }

  edit(change: Partial<Ui>): void {
    this.ui.update((ui) => ({ ...ui, ...change }));
  }

  async signIn(email: string, password: string): Promise<void> {
    this.edit({ signing: true, fault: null });
    this.entered(await api.signIn(email, password), 'signInWrong');
  }

  /** The code of the second factor, or one of those kept for the day the phone is lost. */
  async secondStep(code: string): Promise<void> {
    const { ticket } = this.ui.state;
    if (!ticket) return;
    this.edit({ signing: true, fault: null });
    this.entered(await api.secondStep(ticket, code.replace(/\s/g, '')), 'codeWrong');
  }

  private entered({ fault, ticket, agent: who }: api.SignIn, wrong: ConsoleKey): void {
    const words = { wrong, often: 'signInOften', later: 'signInLater' } as const;
    this.edit({ signing: false, fault: fault ? words[fault] : null });
    if (ticket) {
      this.edit({ ticket });
      this.focusSoon('[data-testid=code]');
    }
    if (fault || ticket) return;
    // Before the hello, which names the conversations that were open here.
    if (who !== undefined) this.meet(who);
    this.edit({ ticket: null });
    rememberChoice('session', 'yes');
    this.connection.start();
  }

  /** Whoever is signed in now. The same agent as before finds all as it was; another finds nothing of theirs. */
  private meet(who: string): void {
    const before = this.store.state.agent?.id;
    if (before !== undefined && before !== who) this.forget();
  }

  /** Nothing of who sat here stays: at a shared desk the next agent must neither read it nor send it as their own. */
  private forget(): void {
    this.connection.clear();
    this.typing?.notice.stop();
    this.typing = null;
    this.drafts.forget();
    this.unsent.forget();
    this.readTo.clear();
    this.taking.clear();
    this.canned = [];
    this.macros = [];
    this.store.update(({ link, retryAt }) => ({ ...agent.newAgentState(), link, retryAt }));
    this.ui.update(({ language, theme, oidc }) => ({
      ...newUi(language, theme, matchMedia(ROOMY).matches),
      phase: 'out',
      oidc,
    }));
  }

  async signOut(): Promise<void> {
    this.connection.stop();
    this.connection.clear();
    // Before the hub has answered: a page that is loaded again meanwhile must not take itself for signed in.
    forgetChoice('session');
    const elsewhere = await api.signOut();
    this.forget();
    if (elsewhere) location.assign(elsewhere);
    else this.gate();
  }

  /** The page to sign in, with the company's own way where it has one. */
  private gate(): void {
    void api.methods().then(({ oidc }) => this.edit({ oidc: oidc ?? null }));
    this.focusSoon('[data-testid=email]');
  }

  async changePassword(old: string, next: string): Promise<void> {
    if (await api.changePassword(old, next)) this.settled('passwordChanged');
    else this.edit({ fault: 'passwordRefused' });
  }

  /** Asks what the hub knows of this agent's second factor, and opens its dialog. */
  async askFactor(): Promise<void> {
    const me = await api.myself();
    const { agent: nested } = (me ?? {}) as { agent?: { second_factor?: boolean } };
    const on = me?.second_factor ?? nested?.second_factor ?? false;
    this.edit({ settings: false, fault: null, factor: { on }, dialog: { name: 'second', about: '' } });
  }

  async beginFactor(password: string): Promise<void> {
    const begun = await api.beginFactor(password);
    this.edit(begun ? { factor: begun, fault: null } : { fault: 'passwordWrong' });
    if (begun) this.focusSoon('[data-testid=code]');
  }

  async confirmFactor(code: string): Promise<void> {
    const done = await api.confirmFactor(code.replace(/\s/g, ''));
    this.edit(done ? { factor: { on: true, recovery: done.recovery }, fault: null } : { fault: 'codeWrong' });
  }

  async dropFactor(password: string): Promise<void> {
    if (await api.dropFactor(password)) this.settled('factorIsOff');
    else this.edit({ fault: 'passwordWrong' });
  }

  /** The agent is still there: this sign-in goes on. */
  async stay(): Promise<void> {
    if (await api.stay()) this.edit({ endsAt: null });
    else this.toast(this.t('notNow'), 'bad');
  }

  async exportData(id: string): Promise<void> {
    const data = await api.exported(id);
    if (!data) return this.toast(this.t('notNow'), 'bad');
    download(`${id}.json`, JSON.stringify(data, null, 2), 'application/json');
    this.edit({ dialog: null });
  }

  async erase(id: string, reason: string): Promise<void> {
    if (!(await api.erase(id, reason))) return this.toast(this.t('notNow'), 'bad');
    this.gone(id);
    this.settled('eraseDone');
  }

  /** Nothing of an erased conversation stays here. */
  private gone(id: string): void {
    const drafts = new Map([...this.ui.state.drafts].filter(([key]) => !key.endsWith(` ${id}`)));
    if (this.ui.state.selected === id) this.select(null);
    this.edit({ drafts, found: this.ui.state.found?.filter((one) => one.conversation !== id) ?? null });
    this.store.update((state) => agent.erased(state, id));
  }

  private settled(said: ConsoleKey): void {
    this.edit({ dialog: null, fault: null });
    this.toast(this.t(said));
  }

  setLanguage(language: Language): void {
    this.t = translator(TEXTS[language], language);
    rememberChoice('language', language);
    this.edit({ language });
    this.keepSettings();
    this.dress();
    // The hub explains reasons in the language that the hello named.
    this.connection.restart();
  }

  setTheme(theme: Theme): void {
    rememberChoice('theme', theme);
    this.edit({ theme });
    this.keepSettings();
    this.dress();
  }

  /** Switches one of the agent's own choices. */
  choose(choice: Partial<Pick<Ui, 'sound' | 'notify' | 'keys'>>): void {
    this.edit(choice);
    if (choice.sound) this.bell.ring();
    if (choice.notify) void this.bell.allow().then((allowed) => allowed || this.edit({ notify: false }));
    this.keepSettings();
  }

  private keepSettings(): void {
    const { language, theme, sound, notify, keys, phase } = this.ui.state;
    if (phase === 'in') void api.keepSettings({ language, theme, sound, notify, keys });
  }

  private async furnish(): Promise<void> {
    const [settings, canned] = await Promise.all([api.mySettings(), api.canned()]);
    this.canned = canned.replies;
    this.macros = canned.macros;
    const { sound, notify, keys, theme } = settings;
    if (sound) this.bell.wake();
    this.edit({
      ...(sound === undefined ? {} : { sound }),
      ...(keys === undefined ? {} : { keys }),
      ...(isTheme(theme) ? { theme } : {}),
      // Another machine's browser may have said no.
      ...(notify && this.bell.allowed ? { notify } : {}),
    });
    this.dress();
  }

  show(view: View): void {
    this.edit({ view, popup: null });
    if (view === 'find') this.focusSoon('[data-testid=query]');
  }

  async search(): Promise<void> {
    const query = this.ui.state.query.trim();
    if (!query) return;
    this.edit({ finding: true });
    const who = this.store.state.agent?.id;
    const found = await api.search(query);
    if (this.store.state.agent?.id !== who) return; // it was another's question
    this.edit({ finding: false, found: found ?? [] });
    if (!found) this.toast(this.t('notNow'), 'bad');
  }

  async accept(id: string): Promise<void> {
    if (this.ui.state.busy.has('accept')) return;
    await this.obtain('accept', id);
    this.store.update((state) => agent.withoutOffer(state, id));
  }

  async decline(id: string): Promise<void> {
    const name = `decline ${id}`;
    if (this.ui.state.busy.has(name)) return;
    await this.attempt(name, { type: 'decline', conversation: id });
    this.store.update((state) => agent.withoutOffer(state, id));
  }

  /** A supervisor steps in (and may write then), or out again. */
  async step(id: string, into: boolean): Promise<void> {
    const frame = into ? { type: 'join', conversation: id, seen: true } : { type: 'leave', conversation: id };
    await this.attempt('join', frame, () => {
      this.store.update((state) => agent.joined(state, id, into));
      if (into && this.ui.state.selected === id) this.focusSoon('[data-testid=reply]');
    });
  }

  /** Sends what a dialog asked for; it closes when the hub agreed. */
  async settle(frame: Request, said: ConsoleKey, done: () => void = () => undefined): Promise<void> {
    const { dialog } = this.ui.state;
    // Closed by hand meanwhile, and perhaps another opened.
    const stands = (): boolean => dialog !== null && this.ui.state.dialog === dialog;
    if (!this.ui.state.busy.has('dialog')) this.edit({ refused: null });
    await this.attempt(
      'dialog',
      frame,
      () => {
        done();
        if (stands()) this.edit({ dialog: null });
        this.toast(this.t(said));
      },
      // A notice would stand behind the dialog, and be read out to nobody.
      (words) => (dialog && stands() ? this.edit({ refused: { dialog, words } }) : this.toast(words, 'bad')),
    );
  }

  /** Vetted answers and canned replies that fit this conversation. */
  async suggest(id: string): Promise<void> {
    await this.attempt('suggest', { type: 'suggest', conversation: id }, (ack) => {
      if (this.ui.state.selected === id) replies.showAnswers(this, ack['answers']);
    });
  }

  /** An entry of the conversation, wherever it is known from. */
  entry(id: string): QueueEntry | undefined {
    return this.store.state.queue.get(id) ?? this.store.state.offers.get(id)?.entry ?? undefined;
  }

  /** Brings a conversation to the front and fetches what of its history is not here yet. */
  select(id: string | null): void {
    const before = this.ui.state.selected;
    this.edit({ selected: id, mode: 'message', shown: PAGE, atEnd: true, pointed: null, more: false, popup: null, uncovered: new Map() });
    if (id) void this.fetch(id);
    if (id) void this.drafts.fetch(id);
    if (id !== before) this.look(id);
  }

  /** Tells colleagues which conversation stands before this agent's eyes. */
  private look(id: string | null): void {
    this.connection.tell({ type: 'viewing', conversation: id });
  }

  /** Asks for what was covered in a message; the hub writes down who looked. Shown until the conversation is left. */
  async uncover(id: string, of: number): Promise<void> {
    await this.attempt('clear', { type: 'clear', conversation: id, of }, (ack) => {
      const values = (ack['values'] ?? []) as Covered[];
      if (this.ui.state.selected === id) this.edit({ uncovered: new Map(this.ui.state.uncovered).set(of, values) });
    });
  }

  async claim(id: string): Promise<void> {
    await this.obtain('claim', id);
  }

  /** Takes a conversation. It comes to the front, unless the agent has gone on to something else before the answer. */
  private async obtain(how: 'claim' | 'accept', id: string): Promise<void> {
    if (this.ui.state.busy.has(how)) return;
    const { selected } = this.ui.state;
    const before = field();
    this.taking.add(id);
    await this.attempt(how, { type: how, conversation: id }, () => {
      this.store.update((state) => agent.claimed(state, id));
      if (this.ui.state.selected === selected && !this.occupied(before)) return this.begin(id);
      void this.fetch(id);
      const name = visitorName(id, this.entry(id)?.visitor?.name, this.t);
      this.toast(this.t('taken', { name }), 'plain', { words: this.t('open'), act: () => this.begin(id) });
    });
    this.taking.delete(id);
  }

  /** Brings one of the agent's own conversations to the front, to be answered. */
  private begin(id: string): void {
    this.edit({ view: 'mine' });
    this.select(id);
    this.focusSoon('[data-testid=reply]');
  }

  /** The agent is asked something, or types since `before`: the next key must not land before another visitor. */
  private occupied(before: Field): boolean {
    const now = field();
    return this.ui.state.dialog !== null || (now !== null && (now.at !== before?.at || now.value !== before.value));
  }

  async resolve(id: string): Promise<void> {
    await this.attempt('resolve', { type: 'resolve', conversation: id, outcome: 'solved' }, () =>
      this.letGo(id, 'resolved', 'resolvedDone'),
    );
  }

  async returnToBot(id: string): Promise<void> {
    await this.attempt('return', { type: 'return_to_bot', conversation: id }, () => this.letGo(id, 'bot', 'returned'));
  }

  async setPresence(value: Presence): Promise<void> {
    await this.attempt('presence', { type: 'presence', value }, () =>
      this.store.update((state) => ({ ...state, presence: value })),
    );
  }

  /** Sends what stands in the composer, as a reply or as a note. */
  write(id: string, sure = false): void {
    const { mode } = this.ui.state;
    const ahead = mode === 'message' && !sure ? this.justAnswered(id) : null;
    if (ahead) {
      this.edit({ dialog: { name: 'hurry', about: id, promise: ahead } });
      return;
    }
    const text = (this.ui.state.drafts.get(draftKey(id, mode)) ?? '').trim();
    const files = mode === 'message' ? (this.ui.state.files.get(id) ?? []) : [];
    // What is still on its way belongs to this reply, not to the next.
    if (mode === 'message' && this.ui.state.uploads.get(id)?.length) return;
    if ((!text && !files.length) || [...text].length > MAX_TEXT) return;
    const promised = mode === 'message' ? promiseIn(text, Date.now()) : null;
    this.draft(id, '');
    if (promised) this.offerReminder(id, promised);
    this.typing?.notice.stop();
    const rest = new Map(this.ui.state.files);
    if (mode === 'message') rest.delete(id);
    this.edit({ atEnd: true, files: rest });
    this.deliver(id, mode, text, files);
  }

  /** Keeps files that shall go with the next reply. */
  async attach(id: string, files: FileList | null): Promise<void> {
    const chosen = [...(files ?? [])];
    const underWay = (): readonly File[] => this.ui.state.uploads.get(id) ?? [];
    const waitFor = (all: readonly File[]): void => this.edit({ uploads: new Map(this.ui.state.uploads).set(id, all) });
    waitFor([...underWay(), ...chosen]);
    for (const file of chosen) {
      const wanted = (): boolean => underWay().includes(file);
      const kept = wanted() ? await api.upload(id, file) : null;
      // Taken out again, or the agent who chose it has left this desk.
      if (!wanted()) continue;
      waitFor(underWay().filter((one) => one !== file));
      if (!kept) this.toast(this.t('fileRefused', { name: file.name }), 'bad');
      else {
        const before = this.ui.state.files.get(id) ?? [];
        this.edit({ files: new Map(this.ui.state.files).set(id, [...before, kept]) });
      }
    }
  }

  /** Does without a file that is still on its way. */
  giveUp(id: string, file: File): void {
    const left = (this.ui.state.uploads.get(id) ?? []).filter((one) => one !== file);
    this.edit({ uploads: new Map(this.ui.state.uploads).set(id, left) });
    this.focusSoon('[data-testid=reply]');
  }

  detach(id: string, file: string): void {
    const left = (this.ui.state.files.get(id) ?? []).filter((one) => one.id !== file);
    this.edit({ files: new Map(this.ui.state.files).set(id, left) });
    this.focusSoon('[data-testid=reply]');
  }

  /** The name of a colleague who has answered this visitor within the last seconds. */
  private justAnswered(id: string): string | null {
    const last = this.store.state.conversations.get(id)?.log.events.findLast((event) => event.kind === 'message');
    const { role, id: who, name } = last?.author ?? {};
    if (role !== 'agent' || who === this.store.state.agent?.id) return null;
    return this.now() - new Date(last?.at ?? 0).getTime() < JUST_MS ? (name ?? '') : null;
  }

  private offerReminder(id: string, { text, by }: { text: string; by: number }): void {
    this.toast(this.t('promised'), 'plain', {
      words: this.t('remindMe'),
      act: () => this.edit({ dialog: { name: 'snooze', about: id, promise: text, by } }),
    });
  }

  retry(id: string, item: agent.Draft): void {
    this.store.update((state) => agent.discard(state, id, item.id));
    this.deliver(id, item.kind, item.text, item.files);
  }

  discard(id: string, item: agent.Draft): void {
    this.store.update((state) => agent.discard(state, id, item.id));
  }

  draft(id: string, text: string): void {
    const { mode } = this.ui.state;
    this.edit({ drafts: new Map(this.ui.state.drafts).set(draftKey(id, mode), text) });
    if (mode === 'message') this.drafts.keep(id, text);
  }

  /** The reply's text changed: kept as a draft, and shown to the visitor as typing. */
  typed(id: string, text: string): void {
    this.draft(id, text);
    if (this.ui.state.mode !== 'message') {
      replies.followMention(this, text);
      return;
    }
    replies.follow(this, id, text);
    if (this.typing?.id !== id) {
      this.typing?.notice.stop();
      const tell = (on: boolean): void => this.connection.tell({ type: 'typing', conversation: id, on });
      this.typing = { id, notice: new TypingNotice(tell) };
    }
    this.typing.notice.typed(text);
  }

  /** Puts the earlier part of a conversation in front of what is shown. */
  unfold(id: string): void {
    this.edit({ unfolded: new Set([...this.ui.state.unfolded, id]), shown: Infinity, atEnd: false, recalling: true });
    // From when they are drawn: a long history takes its time.
    soon(() => this.lapses.renew('recalling', () => this.edit({ recalling: false }), RECALLING_MS));
  }

  /** Brings the message with `seq` into sight and marks it for a while. */
  point(id: string, seq: number): void {
    this.unfold(id);
    this.edit({ pointed: seq });
    if (!matchMedia(ROOMY).matches) this.edit({ details: false });
    setTimeout(() => {
      const target = this.container.querySelector<HTMLElement>(`.thread [data-seq="${seq}"]`);
      target?.scrollIntoView({ block: 'center', behavior: calm() ? 'auto' : 'smooth' });
      target?.focus({ preventScroll: true });
    }, 60);
    // What was in sight already makes nothing scroll, and nothing else says that the end still is.
    setTimeout(() => {
      const log = this.container.querySelector<HTMLElement>('.log');
      if (log) this.scrolled(log);
    }, SCROLLED_MS);
  }

  tryNow(): void {
    this.connection.nudge();
  }

  /** A notice at the edge. One that offers something stays until it is taken or dismissed (WCAG 2.2.1). */
  toast(text: string, tone: Toast['tone'] = 'plain', offer?: Toast['offer']): void {
    const id = ++this.toastId;
    this.edit({ toasts: [...this.ui.state.toasts.slice(-2), { id, text, tone, ...(offer ? { offer } : {}) }] });
    if (!offer) setTimeout(() => this.dismiss(id), TOAST_MS);
  }

  dismiss(id: number): void {
    this.edit({ toasts: this.ui.state.toasts.filter((toast) => toast.id !== id) });
  }

  scrolled(log: HTMLElement): void {
    const atEnd = endInSight(log);
    if (atEnd !== this.ui.state.atEnd) this.edit({ atEnd });
  }

  /** Puts the focus where it belongs once the next frame is drawn. */
  focusSoon(selector: string): void {
    soon(() => setTimeout(() => this.container.querySelector<HTMLElement>(selector)?.focus()));
  }

  /** What was read shall look as if it were not: it is to be come back to. */
  markUnread(id: string): void {
    this.edit({ more: false });
    this.select(null);
    this.store.update((state) => agent.unsee(state, id));
  }

  /** Does the steps of a macro one after the other; the first that fails ends it, and is said. */
  async perform(id: string, macro: api.Macro): Promise<void> {
    this.edit({ dialog: null });
    for (const step of macro.steps) if (!(await this.take(id, step))) return;
    this.toast(this.t('macroDone'));
  }

  private async take(id: string, step: api.Step): Promise<boolean> {
    const frame = replies.frameOf(this, id, step);
    let done = false;
    await this.attempt('macro', { ...frame, conversation: id }, () => (done = true));
    if (done && ('resolve' in step || 'transfer' in step || 'return_to_bot' in step)) this.letGoQuietly(id);
    return done;
  }

  private signedOut(): void {
    const before = this.ui.state.phase;
    forgetChoice('session');
    this.edit({ phase: 'out', fault: before === 'in' ? 'signedOut' : null, ticket: null, endsAt: null, dialog: null, settings: false });
    this.gate();
  }

  async fetch(id: string): Promise<void> {
    const { log } = this.store.state.conversations.get(id) ?? agent.newConversation(id);
    try {
      const ack = await this.connection.request({ type: 'open', conversation: id, after: log.cursor });
      this.store.update((state) =>
        agent.opened(state, id, ack as { handoff?: Packet; status?: Status; language?: string; last?: number }),
      );
    } catch (error) {
      this.complain(error);
    }
  }

  private receive(frame: Frame): void {
    // Another window of this browser may have signed somebody else in.
    if (frame.type === 'welcome') this.meet((frame as unknown as AgentWelcome).agent.id);
    if (frame.type === 'welcome') this.compareClocks(frame as unknown as AgentWelcome);
    const before = this.store.state;
    this.store.update((state) => agent.receive(state, frame.type === 'offer' ? counted(frame, this.now()) : frame));
    this.bell.hear(frame, before, this.store.state);
    for (const id of agent.gained(before, this.store.state)) if (!this.taking.has(id)) this.gain(frame, before, id);
    if (frame.type === 'erased') this.gone(String(frame['conversation']));
    if (frame.type === 'session') this.edit({ endsAt: typeof frame['ends_at'] === 'string' ? frame['ends_at'] : null });
    if (frame.type === 'offer' || frame.type === 'offer.gone') this.tick();
    if (frame.type === 'welcome') {
      if (this.ui.state.phase !== 'in') void this.furnish();
      this.edit({ phase: 'in', fault: null, endsAt: null, now: this.now() });
      if (before.agent === null) this.sendUnsent();
      this.drafts.goOn();
      for (const id of this.store.state.mine) void this.fetch(id);
      const { selected } = this.ui.state;
      if (selected && !this.store.state.mine.includes(selected)) void this.fetch(selected);
    }
    if ((frame.type === 'typing' || frame.type === 'viewing') && frame['on'] === true) {
      const off = { ...frame, on: false };
      const name = `${frame.type} ${String(frame['id'] ?? '')} ${String(frame['conversation'])}`;
      const over = (): void => this.store.update((now) => agent.receive(now, off));
      this.lapses.renew(name, over, frame.type === 'viewing' ? VIEWING_LAPSES_MS : undefined);
      // Who has just come does not know yet that we are here.
      const news = !before.conversations.get(String(frame['conversation']))?.viewers.has(String(frame['id']));
      if (frame.type === 'viewing' && news && frame['conversation'] === this.ui.state.selected) this.look(this.ui.state.selected);
    }
    if (frame.type === 'error') this.complain(new Refused(frame as unknown as ErrorFrame));
    const holes = [...this.store.state.conversations.values()].some((c) => c.opened && hasGap(c.log));
    if (holes) this.lapses.begin('gap', () => this.connection.restart(), GAP_MS);
    else this.lapses.drop('gap');
  }

  /** A conversation has become this agent's without their doing at this window: it is followed from now on. */
  private gain(frame: Frame, before: agent.AgentState, id: string): void {
    if (frame.type !== 'welcome') void this.fetch(id); // after a welcome all of them are asked for
    // What has just been waiting was taken by the agent themselves, in another window.
    if (frame.type !== 'welcome' && before.queue.get(id)?.status === 'queued') return;
    this.store.update((state) => agent.given(state, id));
    this.bell.tellGiven(id);
  }

  private compareClocks({ now }: AgentWelcome): void {
    const told = Date.parse(now ?? '');
    if (Number.isFinite(told)) this.aheadMs = Date.now() - told;
  }

  /** What had not been acknowledged when this tab was left or loaded again: the same ids, so nothing is said twice. */
  private sendUnsent(): void {
    const who = this.store.state.agent?.id;
    if (who === undefined) return;
    for (const { conversation, ...item } of this.unsent.take(who, Date.now())) this.dispatch(conversation, item);
  }

  private deliver(id: string, kind: Mode, text: string, files: readonly FileRef[] = []): void {
    const key = crypto.randomUUID();
    this.dispatch(id, { id: key, kind, text, at: Date.now(), mark: 'sending', ...(files.length ? { files } : {}) });
  }

  private dispatch(id: string, item: agent.Draft): void {
    const { id: key, kind, text, files = [] } = item;
    this.store.update((state) => agent.send(state, id, item));
    this.unsent.keep(this.store.state);
    if (item.mark === 'failed') return this.tellUnsent(id, item.code);
    const frame: Request = {
      type: kind,
      conversation: id,
      ...(text ? { text } : {}),
      ...(files.length ? { attachments: files.map((file) => file.id) } : {}),
    };
    this.connection.request(frame, key).then(
      () => this.store.update((state) => agent.marked(state, id, key, 'sent')),
      (error: unknown) => {
        const code = error instanceof Refused ? error.code : 'unknown';
        this.store.update((state) => agent.marked(state, id, key, 'failed', code));
        this.tellUnsent(id, code);
      },
    );
  }

  /** Who has gone on to something else, or loaded the page again, would not see that it failed. */
  private tellUnsent(id: string, code: string | undefined): void {
    if (this.ui.state.selected === id) return;
    const words = this.t(code === 'forbidden' ? 'failedForbidden' : 'failed');
    this.toast(words, 'bad', { words: this.t('open'), act: () => this.select(id) });
  }

  /** As `letGo`, where the notice is said elsewhere. The hub's next frame tells where the conversation went. */
  letGoQuietly(id: string): void {
    this.store.update((state) => agent.left(state, id));
  }

  /** This agent has read an alert. */
  quiet(id: string): void {
    this.store.update((state) => ({ ...state, alerts: state.alerts.filter((alert) => alert.id !== id) }));
  }

  letGo(id: string, status: Status, said: ConsoleKey): void {
    this.store.update((state) => agent.released(state, id, status));
    this.toast(this.t(said));
  }

  /** Offers count down by the second; at any other time nothing needs to. */
  private tick(): void {
    const counting = this.store.state.offers.size > 0;
    if (counting && this.ticking === null) {
      this.edit({ now: this.now() });
      this.ticking = setInterval(() => {
        this.edit({ now: this.now() });
        for (const [id, offer] of this.store.state.offers) {
          // The hub says so, too; but a broken line must leave no button that does nothing.
          if (new Date(offer.expires_at).getTime() < this.now()) this.store.update((state) => agent.withoutOffer(state, id));
        }
        this.tick();
      }, 1_000);
    }
    if (!counting && this.ticking !== null) {
      clearInterval(this.ticking);
      this.ticking = null;
    }
  }

  /** Asks the hub for something; `name` marks it as under way, and what goes wrong is said in a notice or by `tell`. */
  async attempt(
    name: string,
    frame: Request,
    done: (ack: AckFrame) => void = () => undefined,
    tell?: (words: string) => void,
  ): Promise<void> {
    if (this.ui.state.busy.has(name)) return;
    this.edit({ busy: new Set([...this.ui.state.busy, name]) });
    try {
      done(await this.connection.request(frame));
    } catch (error) {
      this.complain(error, frame, tell);
      const { conversation } = frame;
      if (typeof conversation === 'string') void this.fetch(conversation);
    } finally {
      const busy = new Set(this.ui.state.busy);
      busy.delete(name);
      this.edit({ busy });
    }
  }

  private complain(error: unknown, asked: Request | null = null, tell?: (words: string) => void): void {
    if (!(error instanceof Refused)) return;
    const words = refusal(error, asked, this.store.state, this.t);
    if (tell) tell(words);
    else this.toast(words, 'bad');
  }

  private dress(): void {
    const { language, theme } = this.ui.state;
    document.documentElement.lang = language;
    document.documentElement.dataset['theme'] = theme;
  }

  /** The visitor of one's own conversation sees that their words were read. */
  private tellRead(id: string): void {
    const conversation = this.store.state.conversations.get(id);
    if (!conversation || conversation.assignee?.id !== this.store.state.agent?.id || this.store.state.link !== 'open') return;
    const last = conversation.log.events.findLast((event) => event.author?.role === 'visitor' && event.kind === 'message');
    if (!last || (this.readTo.get(id) ?? 0) >= last.seq) return;
    this.readTo.set(id, last.seq);
    this.connection.tell({ type: 'read', conversation: id, of: last.seq });
  }

  private draw(): void {
    const state = this.store.state;
    const ui = this.ui.state;
    this.place.keep(() => this.focus.keep(() => render(view(this, state, ui), this.container)), ui.atEnd);
    if (!ui.atEnd && this.place.whole) this.edit({ atEnd: true });
    // Who reads further up does not see what comes below, and nobody is told that they did.
    if (ui.selected && ui.atEnd && !document.hidden && ui.phase === 'in') {
      const id = ui.selected;
      this.store.update((now) => agent.see(now, id));
      this.tellRead(id);
    }
    const count = ui.phase === 'in' ? agent.waiting(state).length + agent.unreadOfMine(state) : 0;
    favicon(count > 0);
    document.title = count ? `(${count}) ${this.t('product')}` : this.t('product');
  }
}
