import { describe, expect, it } from 'vitest';
import { Store } from '../../src/core/store';

describe('a store', () => {
  it('tells its watchers once a frame, with the newest value', () => {
    const tasks: (() => void)[] = [];
    const store = new Store(0, (task) => tasks.push(task));
    const seen: number[] = [];
    store.watch((value) => seen.push(value));
    store.update((value) => value + 1);
    store.update((value) => value + 1);
    expect(store.state).toBe(2);
    expect(seen).toEqual([]);
    expect(tasks).toHaveLength(1);
    tasks[0]?.();
    expect(seen).toEqual([2]);
  });

  it('says nothing when nothing changed or nobody watches any more', () => {
    const store = new Store({ n: 1 });
    let calls = 0;
    const stop = store.watch(() => calls++);
    store.update((value) => value);
    expect(calls).toBe(0);
    stop();
    store.update(() => ({ n: 2 }));
    expect(calls).toBe(0);
  });
});
