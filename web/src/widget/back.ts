/**
 * The phone's Back button closes a panel that covers the page: an entry of our own in the tab's history, which is taken
 * back when the visitor closes the panel otherwise.
 *
 * The page shall notice nothing. The entry is pushed past whatever wraps `pushState` (frameworks, page counters), holds
 * the page's own state with `silta` beside it, and the way back over it is kept from the page's `popstate` listeners.
 * (Chromium asks a window's listeners in the order in which they came; those that were there first hear a step to the
 * state that they are in.) Where the page itself has gone on in the meantime, its history is left alone.
 */
const ours = (state: unknown): boolean => (state as { silta?: unknown } | null)?.silta === true;
/** Two moments with the same have nothing of the page's between them. */
const here = (): string => history.length + location.href;

export class Back {
  /** Where our entry stands. */
  private at = '';
  private leaving = false;

  constructor(close: () => void) {
    const moved = (event: PopStateEvent): void => {
      if (ours(event.state)) this.enter();
      else if (this.at === here()) {
        event.stopImmediatePropagation();
        this.at = '';
        close();
      }
    };
    // Captured, so as to be heard before the page's own wherever the browser makes that difference.
    window.addEventListener('popstate', moved, true);
  }

  /** The panel covers the page. Our entry may be there already: after a reload, or where the page came back to it. */
  enter(): void {
    const { state } = history;
    try {
      if (!ours(state)) History.prototype.pushState.call(history, { ...state, silta: true }, '');
      this.at = here();
      this.leaving = false;
    } catch {
      // Some browsers bear only so many entries a minute; then the button leaves the page, as it would without us.
    }
  }

  /** Goes back over our entry, by which the panel closes; false where it is not the last thing that happened. */
  leave(): boolean {
    const last = ours(history.state) && this.at === here();
    if (last && !this.leaving) {
      this.leaving = true;
      history.back();
    }
    return last;
  }
}
