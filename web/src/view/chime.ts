/** Two soft notes for a new message, made on the spot: no file is loaded. */
let context: AudioContext | undefined;

/** Call in answer to a gesture once; browsers let nobody make a sound before. */
export function chime(): void {
  try {
    context ??= new AudioContext();
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
  } catch {
    // Without a sound the badge and the title still tell.
  }
}
