/** How long to wait before the next attempt: half a second, doubling to thirty, with full jitter. */

export const FIRST_MS = 500;
export const LONGEST_MS = 30_000;
/** Full jitter may come out near nothing; a floor keeps a dead hub from being hammered. */
export const FLOOR_MS = 100;

/** Steps from which a close code starts: 1013 means "too many, come back later", 1008 that the hub objected to us. */
const FIRST_STEP: Readonly<Record<number, number>> = { 1013: 4, 1008: 6 };

/**
 * The pause before attempt number `attempt` (0 for the first after a loss), in milliseconds.
 *
 * `random` is a number in [0, 1). After 1013 and 1008 at least half of the ceiling is waited.
 */
export function pause(attempt: number, code: number, random: number): number {
  const first = FIRST_STEP[code] ?? 0;
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(first + attempt, 16));
  const floor = first > 0 ? ceiling / 2 : FLOOR_MS;
  return Math.round(floor + random * (ceiling - floor));
}
