/** A value, one way to change it, and who wants to know: at most one notice a frame, however many changes. */
export class Store<State> {
  private readonly watchers = new Set<(state: State) => void>();
  private due = false;

  constructor(
    private value: State,
    private readonly schedule: (task: () => void) => void = (task) => task(),
  ) {}

  get state(): State {
    return this.value;
  }

  update(change: (state: State) => State): void {
    const next = change(this.value);
    if (next === this.value) return;
    this.value = next;
    if (this.due) return;
    this.due = true;
    this.schedule(() => {
      this.due = false;
      for (const watcher of this.watchers) watcher(this.value);
    });
  }

  /** Calls `watcher` after changes; the returned function ends that. */
  watch(watcher: (state: State) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}
