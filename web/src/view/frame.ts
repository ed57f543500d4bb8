/** A hidden tab draws no frames, but its counts and titles must still move: then a timer does it. */
const HIDDEN_MS = 150;

/** Runs `task` once, at the next frame or, where none comes, a moment later. */
export function soon(task: () => void): void {
  let done = false;
  const run = (): void => {
    if (done) return;
    done = true;
    task();
  };
  requestAnimationFrame(run);
  setTimeout(run, HIDDEN_MS);
}
