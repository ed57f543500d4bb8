import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** A browser's sound: it starts only where the person has done something, and waits for that otherwise. */
class FakeContext {
  static allowed = false;
  static made: FakeContext[] = [];
  state = 'suspended';
  currentTime = 0;
  readonly destination = {};
  /** When each note was set to start. */
  readonly notes: number[] = [];
  private waiting: (() => void)[] = [];

  constructor() {
    FakeContext.made.push(this);
  }

  /** Settles with the first call that is allowed to start it, as all before do. */
  resume(): Promise<void> {
    const started = new Promise<void>((resolve) => this.waiting.push(resolve));
    if (FakeContext.allowed) {
      this.state = 'running';
      for (const resolve of this.waiting.splice(0)) resolve();
    }
    return started;
  }

  createOscillator(): object {
    const note = { frequency: {}, connect: (to: object) => to, start: (at: number) => void this.notes.push(at), stop: () => undefined };
    return note;
  }

  createGain(): object {
    return { gain: { setValueAtTime: () => undefined, exponentialRampToValueAtTime: () => undefined }, connect: (to: object) => to };
  }
}

let sound: typeof import('../../src/view/chime');
let listeners: [string, () => void][];

function gesture(type = 'click'): Promise<unknown> {
  FakeContext.allowed = true;
  for (const [name, act] of [...listeners]) if (name === type) act();
  return vi.advanceTimersByTimeAsync(0);
}

/** How many times two notes sounded, or were laid up to sound. */
function chimes(): number {
  return FakeContext.made.reduce((count, one) => count + one.notes.length / 2, 0);
}

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules();
  FakeContext.allowed = false;
  FakeContext.made = [];
  listeners = [];
  vi.stubGlobal('AudioContext', FakeContext);
  vi.stubGlobal('window', {
    addEventListener: (type: string, act: () => void) =>
      listeners.some(([name, one]) => name === type && one === act) || listeners.push([type, act]),
    removeEventListener: (type: string, act: () => void) =>
      (listeners = listeners.filter(([name, one]) => name !== type || one !== act)),
  });
  sound = await import('../../src/view/chime');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the chime', () => {
  it('sounds in answer to a click, though the browser starts it only a moment later', async () => {
    FakeContext.allowed = true;
    sound.chime();
    await vi.advanceTimersByTimeAsync(0);
    expect(chimes()).toBe(1);
    expect(listeners).toEqual([]);
  });

  it('lays nothing up while it may not sound, and is heard again after the next gesture', async () => {
    for (let rings = 0; rings < 5; rings++) {
      sound.chime();
      await vi.advanceTimersByTimeAsync(60_000);
    }
    expect(chimes()).toBe(0);
    await gesture('keydown');
    expect(chimes(), 'what rang long ago does not sound now').toBe(0);
    sound.chime();
    expect(chimes()).toBe(1);
    expect(listeners, 'nothing listens any more').toEqual([]);
    expect(FakeContext.made).toHaveLength(1);
  });

  it('needs no ring before it where the page woke it with the person’s first gesture', async () => {
    sound.wake();
    sound.wake();
    expect(FakeContext.made, 'nothing is opened before').toEqual([]);
    await gesture();
    FakeContext.allowed = false; // a browser that wants the gesture itself
    sound.chime();
    expect(chimes()).toBe(1);
    expect(listeners).toEqual([]);
  });

  it('waits for a gesture that counts: some keys do not', async () => {
    sound.wake();
    for (const [, act] of [...listeners]) act();
    await vi.advanceTimersByTimeAsync(0);
    expect(listeners).not.toEqual([]);
    await gesture();
    sound.chime();
    expect(chimes()).toBe(1);
  });

  it('is woken again when something has interrupted it', async () => {
    FakeContext.allowed = true;
    sound.chime();
    await vi.advanceTimersByTimeAsync(0);
    const [context] = FakeContext.made as [FakeContext];
    Object.assign(context, { state: 'interrupted', currentTime: 60 });
    FakeContext.allowed = false;
    sound.chime();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(chimes()).toBe(1);
    await gesture();
    sound.chime();
    expect(chimes()).toBe(2);
  });

  it('sounds once for what comes at once', async () => {
    FakeContext.allowed = true;
    sound.chime();
    await vi.advanceTimersByTimeAsync(0);
    for (let rings = 0; rings < 5; rings++) sound.chime();
    expect(chimes()).toBe(1);
    (FakeContext.made[0] as FakeContext).currentTime = 1;
    sound.chime();
    expect(chimes()).toBe(2);
  });

  it('breaks nothing where there is no sound', async () => {
    vi.stubGlobal('AudioContext', undefined);
    sound.wake();
    expect(() => sound.chime()).not.toThrow();
    await gesture();
    expect(listeners).toEqual([]);
  });
});
