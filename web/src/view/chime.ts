/** Two soft notes for a new message, made on the spot: no file is loaded. */

/** How long the two notes sound; what comes meanwhile is told by them, too. */
const SOUNDS_S = 0.42;
/** A chime that the browser lets sound only after this would call to what was seen long ago. */
const LATE_MS = 500;
/** What a person does that makes every browser let the page sound; a touch becomes that when it ends. */
const GESTURES = ['click', 'keydown'] as const;

let context: AudioContext | undefined;
/** By the context's clock, which stands still while it may not sound. */
let soundsUntil = 0;
let askedAt = -Infinity;

/**
 * Call where chimes are wanted from now on: browsers let nobody make a sound before the person has done something on the
 * page, and some only in answer to that. The next gesture opens the way. Idempotent.
 */
export function wake(): void {
  for (const gesture of GESTURES) window.addEventListener(gesture, open, true);
}

function open(): void {
  try {
    context ??= new AudioContext();
    if (context.state === 'running') asleep();
    else context.resume().then(opened, () => undefined);
  } catch {
    asleep(); // there is no sound here
  }
}

function asleep(): void {
  for (const gesture of GESTURES) window.removeEventListener(gesture, open, true);
}

function opened(): void {
  asleep();
  if (performance.now() - askedAt < LATE_MS) play();
}

/** Sounds now, or a moment later where the browser must be asked first; else not at all. */
export function chime(): void {
  askedAt = performance.now();
  try {
    context ??= new AudioContext();
    if (context.state === 'running') play();
    else {
      // Also after a call or a laptop's sleep has interrupted it.
      wake();
      open();
    }
  } catch {
    // Without a sound the badge and the title still tell.
  }
}

function play(): void {
  askedAt = -Infinity;
  if (!context || context.currentTime < soundsUntil) return;
  soundsUntil = context.currentTime + SOUNDS_S;
  for (const [index, pitch] of [660, 880].entries()) {
    const start = context.currentTime + index * 0.12;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.08, start);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.3);
  }
}
