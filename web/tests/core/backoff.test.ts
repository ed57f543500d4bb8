import { describe, expect, it } from 'vitest';
import { FLOOR_MS, LONGEST_MS, pause } from '../../src/core/backoff';

describe('the pause before an attempt', () => {
  it('lies between the floor and a ceiling that doubles to thirty seconds', () => {
    for (let attempt = 0; attempt < 40; attempt++) {
      expect(pause(attempt, 1006, 0)).toBe(FLOOR_MS);
      expect(pause(attempt, 1006, 0.999999)).toBeLessThanOrEqual(Math.min(LONGEST_MS, 500 * 2 ** attempt));
    }
  });

  it('spreads many clients evenly, so that they do not all come back at once', () => {
    const pauses = Array.from({ length: 100 }, (_, index) => pause(5, 1012, index / 100));
    const early = pauses.filter((ms) => ms < 8_000).length;
    expect(early).toBeGreaterThan(40);
    expect(early).toBeLessThan(60);
  });

  it('is long from the start when the hub said so', () => {
    expect(pause(0, 1013, 0)).toBe(4_000);
    expect(pause(0, 1008, 0)).toBe(15_000);
  });
});
