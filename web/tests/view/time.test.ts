import { expect, it } from 'vitest';
import { spanTime, whenTime } from '../../src/view/time';

const MONDAY = '2026-11-23T07:00:00Z';

it('tells times of the service by its own clock, wherever the reader is', () => {
  expect(whenTime(MONDAY, 'fi', { zone: 'Europe/Helsinki', name: '' })).toBe('ma 23.11. klo 9.00');
  expect(whenTime(MONDAY, 'da', { zone: 'Europe/Copenhagen', name: 'dansk tid' })).toMatch(/23\.11\.? kl\. 8\.00 dansk tid$/);
  expect(whenTime(MONDAY, 'en', { zone: 'Europe/Helsinki', name: 'Finnish time' })).toBe('Mon 23 Nov, 9:00 Finnish time');
  expect(whenTime('2026-11-22T22:30:00Z', 'fi', { zone: 'Europe/Helsinki' }), 'the day, too').toBe('ma 23.11. klo 0.30');
});

it('tells a stretch with the name of the zone once', () => {
  const told = { zone: 'Europe/Helsinki', name: 'Finnish time' };
  expect(spanTime(MONDAY, '2026-11-23T08:00:00Z', 'en', told)).toBe('Mon 23 Nov, 9:00–10:00 Finnish time');
});

it("tells the reader's own time where the zone is not known, and then not with its name", () => {
  const own = whenTime(MONDAY, 'fi');
  expect(own).toMatch(/^(su|ma) \d+\.11\. klo \d+\.\d\d$/);
  expect(whenTime(MONDAY, 'fi', { zone: 'Nowhere/Nothing', name: 'olematonta aikaa' })).toBe(own);
});

it('tells nothing of what is no time', () => {
  expect(whenTime('soon', 'en')).toBe('');
  expect(spanTime('soon', MONDAY, 'en')).toBe('');
});
