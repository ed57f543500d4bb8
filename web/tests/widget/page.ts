/** A shop's page without a browser: its history, its storage and its sizes, and the widget on it with a fake line. */
import { vi } from 'vitest';
import type { Request } from '../../src/core/protocol';
import * as en from '../../src/i18n/en';
import type { Occasion, Shell } from '../../src/widget/shell';
import type { Widget } from '../../src/widget/widget';
import { FakeSocket } from '../core/fakes';

type Listener = (event: object) => void;

/** A target whose captured listeners hear first, as a window's do. */
export class Target {
  private readonly listeners: { type: string; listener: Listener; capture: boolean }[] = [];

  addEventListener(type: string, listener: Listener, capture = false): void {
    this.listeners.push({ type, listener, capture });
  }

  tell(type: string, more: object = {}): void {
    let stopped = false;
    const event = { type, ...more, stopImmediatePropagation: () => (stopped = true) };
    const ofType = this.listeners.filter((one) => one.type === type);
    for (const capture of [true, false]) {
      for (const one of ofType) if (one.capture === capture && !stopped) one.listener(event);
    }
  }
}

/** How long a browser takes for a step in its history. */
const STEP_MS = 5;

/** A tab's history of one document; `unanswered` is a step that some frame on the page took instead. */
export class Entries {
  entries: { state: unknown; href: string }[];
  at = 0;
  unanswered = false;
  full = false;

  constructor(
    private readonly target: Target,
    href: string,
    state: unknown = null,
  ) {
    this.entries = [{ state, href }];
  }

  get length(): number {
    return this.entries.length;
  }

  get state(): unknown {
    return this.entries[this.at]?.state;
  }

  get href(): string {
    return this.entries[this.at]?.href ?? '';
  }

  pushState(state: unknown, _: string, href = this.href): void {
    if (this.full) throw new Error('SecurityError');
    this.entries = [...this.entries.slice(0, this.at + 1), { state: structuredClone(state), href }];
    this.at++;
  }

  replaceState(state: unknown, _: string, href = this.href): void {
    this.entries[this.at] = { state, href };
  }

  go(steps: number): void {
    setTimeout(() => {
      if (this.unanswered || !this.entries[this.at + steps]) return;
      this.at += steps;
      this.target.tell('popstate', { state: this.state });
    }, STEP_MS);
  }

  back(): void {
    this.go(-1);
  }
}

/** Part of an element, as far as the widget asks. */
export class Part {
  isConnected = true;
  disabled = false;

  constructor(
    readonly name: string,
    private readonly page: Page,
    private readonly inside: readonly string[] = [],
  ) {}

  focus(): void {
    if (this.isConnected) this.page.focused = this;
  }

  matches(selector: string): boolean {
    return selector === ':disabled' && this.disabled;
  }

  closest(selectors: string): object | null {
    return selectors.split(', ').some((one) => this.inside.includes(one)) ? this : null;
  }
}

export class Page {
  readonly window = Object.assign(new Target(), { visualViewport: { height: 700, scale: 1, addEventListener: () => undefined } });
  readonly history: Entries;
  readonly sockets: FakeSocket[] = [];
  readonly told: [Occasion, unknown][] = [];
  readonly style = new Map<string, string>();
  /** What stands in the panel, by its selector. */
  readonly parts = new Map<string, Part>();
  readonly document = Object.assign(new Target(), {
    hidden: false,
    title: 'Shop',
    documentElement: { style: { overflow: '' } },
    createElement: () => this.element(),
    createTreeWalker: () => ({}),
  });
  readonly launcher = new Part('launcher', this);
  focused: Part | null = null;
  fine = true;
  widget!: Widget;

  constructor(
    /** What the tab holds: given on to the next page of the site. */
    readonly stored: Map<string, string>,
    readonly phone: boolean,
    state: unknown,
    /** The seldom needed parts; without them they are always on their way. */
    private readonly more?: object,
  ) {
    this.history = new Entries(this.window, 'http://shop/', state);
    for (const name of ['[data-testid=composer]', '[role=dialog]', '.more']) this.parts.set(name, new Part(name, this));
  }

  private element(): object {
    return {
      style: { setProperty: (name: string, value: string) => this.style.set(name, value) },
      classList: { toggle: () => undefined },
      querySelector: (selector: string) => this.parts.get(selector) ?? null,
    };
  }

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  }

  /** Frames of a type that the newest line carried. */
  sent(type: string): Request[] {
    return this.socket.sent.filter((frame) => frame.type === type);
  }

  get memory(): Record<string, unknown> {
    return JSON.parse(this.stored.get('silta') ?? '{}') as Record<string, unknown>;
  }

  async welcome(more: object = {}): Promise<void> {
    await this.pass();
    this.socket.accept();
    await this.hear({ type: 'welcome', token: 't1', conversation: 'c1', status: 'bot', language: 'en', last: 0, notice: 'Bot', open: true, ...more });
  }

  async hear(...frames: object[]): Promise<void> {
    for (const frame of frames) this.socket.hear(frame);
    await this.pass();
  }

  /** The hub answers the newest frame of a type. */
  async answer(type: string, answer: object = { type: 'ack' }): Promise<void> {
    const frame = this.sent(type).at(-1);
    if (!frame) throw new Error(`no ${type} was sent`);
    await this.hear({ ...answer, id: frame['id'] });
  }

  async pass(ms = 20): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  private shell(): Shell {
    const page = this;
    return {
      origin: 'http://hub',
      language: 'en',
      pageLanguage: 'en',
      theme: 'auto',
      title: null,
      suggestions: ['Where is my order?'],
      privacy: null,
      root: {
        append: () => undefined,
        adoptedStyleSheets: [],
        get activeElement() {
          return page.focused;
        },
      },
      host: { toggleAttribute: () => undefined },
      launcher: Object.assign(this.launcher, { setAttribute: () => undefined, removeAttribute: () => undefined }),
      badge: {},
      emit: (occasion: Occasion, detail: unknown) => void this.told.push([occasion, detail]),
      words: () => Promise.resolve({ ...en.loader, ...en.widget }),
      more: () => (page.more ? Promise.resolve(() => page.more) : new Promise(() => undefined)),
    } as unknown as Shell;
  }

  /** Puts the page up around the widget. */
  async load(): Promise<this> {
    const page = this;
    vi.stubGlobal('window', this.window);
    vi.stubGlobal('document', this.document);
    vi.stubGlobal('history', this.history);
    vi.stubGlobal('History', Entries);
    vi.stubGlobal('location', {
      origin: 'http://shop',
      pathname: '/',
      get href() {
        return page.history.href;
      },
    });
    vi.stubGlobal('BroadcastChannel', undefined);
    vi.stubGlobal('requestAnimationFrame', (task: () => void) => setTimeout(task, 1));
    vi.stubGlobal('matchMedia', (query: string) => ({ matches: query.includes('pointer') ? this.fine : this.phone }));
    vi.stubGlobal('sessionStorage', {
      getItem: (name: string) => this.stored.get(name) ?? null,
      setItem: (name: string, value: string) => void this.stored.set(name, value),
    });
    vi.stubGlobal(
      'WebSocket',
      class {
        constructor() {
          const socket = new FakeSocket();
          page.sockets.push(socket);
          return socket as never;
        }
      },
    );
    const { Widget } = await import('../../src/widget/widget');
    this.widget = new Widget(this.shell(), { ...en.loader, ...en.widget });
    return this;
  }
}

/** A page with the widget on it, not opened yet; `before` is what the page itself does first. */
export function openPage({
  stored = new Map<string, string>(),
  phone = false,
  state = null as unknown,
  before = (_: Page): void => undefined,
  more = undefined as object | undefined,
} = {}): Promise<Page> {
  vi.useFakeTimers();
  const page = new Page(stored, phone, state, more);
  before(page);
  return page.load();
}

export function closePage(): void {
  vi.clearAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
}
