/**
 * Where the keyboard goes when what it stood on is no longer drawn (WCAG 2.4.3). A browser gives the focus back only
 * from a dialog that is closed, and only to what is still there; ours are taken out of the page, and so are menu items.
 */

/** What takes the focus over: the element itself, else the first of these that can. */
type Way = readonly (Element | string)[];

const REPLY = '[data-testid=reply]';
const LOG = '.log';
const ROW = '.list .item[tabindex="0"]';

export class Focus {
  /** Back from the dialog that stands open, to what opened it. */
  private back: Way = [];

  constructor(private readonly container: HTMLElement) {}

  /** Draws, opens a dialog that is new on the page, and gives the focus to somebody where drawing has taken it away. */
  keep(draw: () => void): void {
    const held = document.activeElement;
    // Beforehand: an element that is gone no longer tells where it stood.
    const [afterDialog, afterRest] = held && this.container.contains(held) ? this.waysFrom(held) : [[], []];
    const asked = this.container.querySelector('dialog') !== null;
    draw();
    const dialog = this.container.querySelector('dialog');
    if (dialog) {
      if (dialog.open) return;
      if (!asked) this.back = afterDialog;
      dialog.showModal();
    } else if (asked) this.give(this.back);
    else if (held?.isConnected === false) this.give(afterRest);
  }

  /** The ways back from a dialog that `held` opens, and from `held` when it goes by itself. */
  private waysFrom(held: Element): [Way, Way] {
    const panel = held.closest('#more, #settings')?.id;
    const opener = panel ? [`[aria-controls=${panel}]`] : [];
    // Not to the reply where nothing was asked: single letters that were meant as keys would be written into it.
    const rest = held.closest('.list') ? [ROW, LOG] : [LOG, ROW];
    // Signing in has fields of its own, and what follows begins at the top.
    if (held.closest('.gate')) return [[], []];
    return [[held, ...opener, REPLY, ...rest], [...opener, ...rest]];
  }

  private give(way: Way): void {
    const { activeElement, body } = document;
    if (activeElement !== null && activeElement !== body) return; // somebody has it already
    for (const step of way) {
      const target = typeof step === 'string' ? this.container.querySelector<HTMLElement>(step) : (step as HTMLElement);
      if (!target?.isConnected) continue;
      target.focus({ preventScroll: true });
      if (document.activeElement === target) return;
    }
  }
}
