import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import { assertAccessible, messages, say, Stage } from './stage';

const MONDAY = '2026-11-23T07:00:00Z';
const WINDOWS = [
  { id: 'w1', from: MONDAY, to: '2026-11-23T08:00:00Z' },
  { id: 'w2', from: '2026-11-23T08:00:00Z', to: '2026-11-23T09:00:00Z' },
];

describe.skipIf(!executable)('a visitor who waits', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
    stage.hub.choices = [
      { kind: 'wait' },
      { kind: 'callback', windows: WINDOWS },
      { kind: 'email', by: MONDAY },
      { kind: 'other_language', languages: ['en'] },
    ];
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
  });

  async function queued(language: string): Promise<Page> {
    const page = await stage.visitor(language);
    await page.getByTestId('person').click();
    await page.getByTestId('queue').waitFor();
    return page;
  }

  it('is told when nobody is there, and books a call by keyboard', async () => {
    stage.hub.open = { now: false, opens_at: MONDAY, text: 'ma–pe klo 9–17' };
    const page = await queued('fi');
    await expect.poll(() => page.getByTestId('opens').innerText()).toMatch(/ma 23\.11\. klo 9\.00$/);
    expect(await page.getByTestId('position').count()).toBe(0);
    await assertAccessible(page, 'choices while closed');
    await page.getByTestId('choose-phone').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByTestId('window').locator('option').count()).toBe(2);
    await assertAccessible(page, 'the form for a call');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.type('12');
    await page.keyboard.press('Enter');
    await page.locator('#silta-fault').waitFor();
    await assertAccessible(page, 'a number that is none');
    expect(await page.getByTestId('to').getAttribute('aria-invalid')).toBe('true');
    await page.getByTestId('to').fill('040 123 4567');
    await page.keyboard.press('Enter');
    await page.getByTestId('promised').waitFor();
    await page.locator('[data-kind=callback]').waitFor();
    expect(stage.hub.callbacks[0]).toMatchObject({ phone: '040 123 4567', from: WINDOWS[1]?.from });
    await page.reload();
    await page.getByTestId('promised').waitFor();
  });

  it('keeps the window that was chosen while others pass, and is asked again when it has gone itself', async () => {
    const third = { id: 'w3', from: '2026-11-23T09:00:00Z', to: '2026-11-23T10:00:00Z' };
    const offer = (...windows: typeof WINDOWS): void => {
      stage.hub.choices = [{ kind: 'callback', windows }];
      stage.hub.pushStatus();
    };
    const page = await queued('da');
    const list = page.getByTestId('window');
    await page.getByTestId('choose-phone').click();
    await list.selectOption('w2');
    offer(...WINDOWS.slice(1), third);
    await list.locator('option[value=w3]').waitFor({ state: 'attached' });
    expect(await list.inputValue()).toBe('w2');
    offer(third);
    await expect.poll(() => list.inputValue()).toBe('');
    expect(await list.getAttribute('aria-invalid')).toBe('true');
    await assertAccessible(page, 'a window that has gone');
    await page.getByTestId('to').fill('040 123 4567');
    await page.getByTestId('book').click();
    await expect.poll(() => list.evaluate((element) => element.matches(':focus'))).toBe(true);
    expect(stage.hub.callbacks).toEqual([]);
    await list.selectOption('w3');
    await page.getByTestId('book').click();
    await page.getByTestId('promised').waitFor();
    expect(stage.hub.callbacks[0]).toMatchObject({ from: third.from });
  });

  it('hears from the hub which number it does not take', async () => {
    const page = await queued('da');
    await page.getByTestId('choose-phone').click();
    await page.getByTestId('to').fill('000000');
    await page.getByTestId('book').click();
    await expect.poll(() => page.locator('#silta-fault').innerText()).toContain('telefonnummer');
  });

  it('asks for an e-mail, or takes an answer in another language', async () => {
    const page = await queued('da');
    await page.getByTestId('consent-en').click();
    await page.getByTestId('consent-en').waitFor({ state: 'detached' });
    expect([...stage.hub.conversations.values()][0]).toMatchObject({ consent: 'en' });
    await page.getByTestId('choose-email').click();
    await page.getByTestId('to').fill('freja@example.dk');
    await page.getByTestId('name').fill('Freja');
    await page.getByTestId('book').click();
    await page.getByTestId('promised').waitFor();
    expect(stage.hub.callbacks[0]).toMatchObject({ email: 'freja@example.dk', name: 'Freja' });
  });

  it('reads announcements while they hold, keeps the conversation as a file, and deletes it', async () => {
    const page = await stage.visitor('en');
    stage.hub.announce({ id: 'a1', text: 'Parcels are late in Lapland today.' });
    await page.getByTestId('announcement').waitFor();
    await assertAccessible(page, 'an announcement');
    stage.hub.announce({ id: 'a1', ended: true });
    await page.getByTestId('announcement').waitFor({ state: 'detached' });
    await say(page, 'Where is my order?');
    await messages(page, 'bot').nth(1).waitFor();
    await page.getByTestId('menu').click();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('save').click()]);
    expect(await readFile(await file.path(), 'utf8')).toContain('visitor: Where is my order?');
    expect(file.suggestedFilename()).toMatch(/^Customer service \d{4}-\d\d-\d\d\.txt$/);
    await page.getByTestId('menu').click();
    await page.getByTestId('erase').click();
    await assertAccessible(page, 'before deleting');
    await page.getByTestId('erase-yes').click();
    await expect.poll(() => messages(page, 'visitor').count()).toBe(0);
    await expect.poll(() => stage.hub.conversations.size).toBe(1); // a new one, with a greeting of its own
    await page.getByTestId('quick-reply').first().waitFor();
  });

  it('has two tabs in step: the second finds the conversation of the first', async () => {
    const first = await stage.visitor('en');
    await say(first, 'from the first tab');
    const second = await first.context().newPage();
    await second.goto(`${stage.hub.origin}/?lang=en`);
    await second.getByTestId('launcher').click();
    await messages(second, 'visitor').getByText('from the first tab').waitFor();
    await say(second, 'from the second tab');
    await messages(first, 'visitor').getByText('from the second tab').waitFor();
    expect(stage.hub.conversations.size).toBe(1);
  });

  it('rates bot and person apart', async () => {
    const page = await stage.visitor('en');
    await say(page, 'Where is my order?');
    await messages(page, 'bot').nth(1).waitFor();
    await page.getByTestId('person').click();
    const agent = await stage.agent();
    await agent.getByTestId('queue-item').click();
    await agent.getByTestId('claim').click();
    await agent.getByTestId('reply').fill('Hello');
    await agent.getByTestId('send').click();
    await messages(page, 'agent').waitFor();
    await agent.getByTestId('resolve').click();
    await page.getByTestId('rating').waitFor();
    await assertAccessible(page, 'two ratings');
    await page.locator('[data-of=agent] label').nth(4).click();
    await page.locator('[data-of=bot] label').nth(1).click();
    await page.locator('.rating .firm').click();
    await page.locator('[data-kind=rating]').waitFor();
    const rated = [...stage.hub.conversations.values()][0]?.events.filter((event) => event.kind === 'rating');
    expect(rated).toMatchObject([
      { rated: 'agent', score: 5 },
      { rated: 'bot', score: 2 },
    ]);
    expect(await page.locator('[data-kind=rating]').count()).toBe(1);
  });
});
