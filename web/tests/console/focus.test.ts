import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Focus } from '../../src/console/focus';

/** A page of named elements: `held` says which of them has the focus, as a browser's `activeElement` does. */
class Page {
  held: Thing | null = null;
  readonly things = new Map<string, Thing>();

  put(selector: string, inside = ''): Thing {
    const thing = new Thing(this, inside);
    this.things.set(selector, thing);
    return thing;
  }

  take(selector: string): void {
    const thing = this.things.get(selector);
    this.things.delete(selector);
    if (thing) thing.isConnected = false;
    if (this.held === thing || selector === this.held?.inside) this.held = null;
  }
}

class Thing {
  isConnected = true;
  open = false;
  disabled = false;
  id = '';

  constructor(
    private readonly page: Page,
    /** The selector of what it stands in. */
    readonly inside: string,
  ) {}

  closest(selectors: string): Thing | null {
    if (!this.inside || !selectors.split(', ').includes(this.inside)) return null;
    const around = new Thing(this.page, '');
    around.id = this.inside.slice(1);
    return around;
  }

  focus(): void {
    if (!this.disabled) this.page.held = this;
  }

  showModal(): void {
    this.open = true;
    this.page.put('field', 'dialog').focus();
  }
}

let page: Page;
let focus: Focus;
beforeEach(() => {
  page = new Page();
  vi.stubGlobal('document', {
    body: null,
    get activeElement() {
      return page.held;
    },
  });
  focus = new Focus({
    querySelector: (selector: string) => page.things.get(selector) ?? null,
    contains: () => true,
  } as unknown as HTMLElement);
});
afterEach(() => vi.unstubAllGlobals());

const open = (besides: () => void = () => undefined): void =>
  focus.keep(() => {
    besides();
    page.put('dialog');
  });
const close = (besides: () => void = () => undefined): void =>
  focus.keep(() => {
    page.take('dialog');
    besides();
  });

describe('a dialog', () => {
  it('opens with the focus in it, and gives it back to what opened it', () => {
    const transfer = page.put('transfer');
    transfer.focus();
    open();
    expect(page.held?.inside).toBe('dialog');
    focus.keep(() => undefined); // drawn again meanwhile
    close();
    expect(page.held).toBe(transfer);
  });

  it.each(['more', 'settings'])('gives it to the button of the menu from which it was opened: %s', (menu) => {
    const button = page.put(`[aria-controls=${menu}]`);
    page.put('[data-testid=reply]');
    page.put('item', `#${menu}`).focus();
    open(() => page.take('item'));
    close();
    expect(page.held).toBe(button);
  });

  it('gives it to the reply where its opener is gone, else to the thread', () => {
    page.put('toast').focus();
    const [log, reply] = [page.put('.log'), page.put('[data-testid=reply]')];
    open(() => page.take('toast'));
    close();
    expect(page.held).toBe(reply);
    open();
    close(() => page.take('[data-testid=reply]'));
    expect(page.held).toBe(log);
  });

  it('passes by what cannot have it, and takes it from nobody', () => {
    const transfer = page.put('transfer');
    const reply = page.put('[data-testid=reply]');
    transfer.focus();
    open();
    close(() => (transfer.disabled = true));
    expect(page.held).toBe(reply);
    open();
    const query = page.put('query');
    close(() => query.focus());
    expect(page.held).toBe(query);
  });

  it('that a key opened while nothing had the focus leaves it so', () => {
    page.put('[data-testid=reply]');
    open();
    close();
    expect(page.held).toBeNull();
  });
});

describe('what had the focus and is drawn no more', () => {
  it('gives it to the thread, never to the reply, or to its own list', () => {
    const [log, row] = [page.put('.log'), page.put('.list .item[tabindex="0"]')];
    page.put('[data-testid=reply]');
    page.put('resolve').focus();
    focus.keep(() => page.take('resolve'));
    expect(page.held).toBe(log);
    page.put('taken', '.list').focus();
    focus.keep(() => page.take('taken'));
    expect(page.held).toBe(row);
  });

  it('gives it to nobody after the page to sign in', () => {
    page.put('sign-in', '.gate').focus();
    focus.keep(() => {
      page.take('sign-in');
      page.put('.log');
    });
    expect(page.held).toBeNull();
  });
});
