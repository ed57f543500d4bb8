/** Every state of widget and console, looked through by axe: short enough to run with every other check. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import { assertAccessible, messages, say, Stage } from './stage';

const WINDOW = { id: 'w', from: '2026-11-23T07:00:00Z', to: '2026-11-23T08:00:00Z' };

async function fits(page: Page, width: number): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
}

describe.skipIf(!executable)('P6: WCAG 2.2 AA in every state', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open();
    stage.hub.choices = [
      { kind: 'callback', windows: [WINDOW] },
      { kind: 'email', by: WINDOW.to },
      { kind: 'other_language', languages: ['en'] },
    ];
    stage.hub.canned = [{ key: 'x', title: { en: 'One moment' }, text: { en: 'One moment.', da: 'Et øjeblik.' } }];
  });
  afterAll(() => stage.close());

  it('holds for the widget: dark, 320 pixels wide, forced colours', async () => {
    const page = await stage.page({ colorScheme: 'dark', viewport: { width: 320, height: 640 } });
    await page.goto(`${stage.hub.origin}/?lang=da`);
    await page.getByTestId('launcher').waitFor();
    await assertAccessible(page, 'the shop');
    await page.getByTestId('launcher').click();
    await page.getByTestId('quick-reply').first().waitFor();
    await assertAccessible(page, 'greeting');
    await page.getByTestId('menu').click();
    await assertAccessible(page, 'menu');
    await page.keyboard.press('Escape');
    await say(page, 'Hvor er min ordre?');
    await messages(page, 'bot').nth(1).waitFor();
    await say(page, '/fail');
    await page.getByTestId('retry').waitFor();
    await assertAccessible(page, 'not sent');
    await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' });
    await assertAccessible(page, 'forced colours');
    await page.emulateMedia({ forcedColors: 'none', colorScheme: 'light' });
    stage.hub.announce({ id: 'a', text: 'Pakker er forsinkede.' });
    stage.hub.open = { now: false, opens_at: WINDOW.from, text: 'man.–fre. kl. 8–16' };
    await page.getByTestId('person').click();
    await page.getByTestId('choose-phone').click();
    await page.getByTestId('book').click();
    await page.locator('#silta-fault').waitFor();
    await assertAccessible(page, 'a form with a fault');
    await fits(page, 320);
    await page.getByTestId('to').fill('70204410');
    await page.getByTestId('book').click();
    await page.getByTestId('promised').waitFor();
    await assertAccessible(page, 'a promised call');
    stage.hub.drop(1013);
    await page.getByTestId('offline').waitFor();
    await assertAccessible(page, 'offline');
    await page.context().close();
  });

  it('holds for the console: dark, 200 % zoom, every dialog', async () => {
    // 200 % of 1280 × 1024 is a window of 640 × 512 CSS pixels.
    const page = await stage.agent('aino@havu.example', {
      colorScheme: 'dark',
      locale: 'en-GB',
      viewport: { width: 640, height: 512 },
    });
    const [conversation] = stage.hub.conversations.values();
    if (!conversation) throw new Error('no conversation');
    await assertAccessible(page, 'the queue');
    await fits(page, 640);
    stage.hub.offer(conversation);
    stage.hub.alert({ id: 'x', kind: 'wait', conversation: conversation.id, text: 'A wait runs out' });
    await page.getByTestId('alert').waitFor();
    await assertAccessible(page, 'an offer and an alert');
    await page.getByTestId('accept').click();
    await page.locator('.alert .tool').click();
    await page.getByTestId('reply').fill('/');
    await page.getByTestId('replies').waitFor();
    await assertAccessible(page, 'ready replies');
    await page.getByTestId('reply').fill('This is what we can do for you now');
    await page.getByTestId('wrong-language').waitFor();
    await page.locator('.nlu summary').first().click();
    await assertAccessible(page, 'answering');
    await page.getByTestId('mode-note').click();
    await assertAccessible(page, 'a note');
    for (const name of ['snooze', 'help', 'approval', 'outcome']) {
      await page.getByTestId('more').click();
      await page.getByTestId(`ask-${name}`).click();
      await page.getByTestId('dialog').waitFor();
      await assertAccessible(page, name);
      await page.keyboard.press('Escape');
      await page.getByTestId('dialog').waitFor({ state: 'detached' });
    }
    await page.getByTestId('toggle-details').click();
    await assertAccessible(page, 'details');
    await fits(page, 640);
    await page.locator('.details .narrow').click();
    await page.locator('.back').click();
    for (const view of ['mine', 'others', 'calls', 'team', 'find']) {
      await page.getByTestId(`view-${view}`).click();
      await assertAccessible(page, view);
    }
    await page.emulateMedia({ forcedColors: 'active' });
    await page.getByTestId('settings').click();
    await assertAccessible(page, 'settings in forced colours');
    await page.context().close();
    stage.assertClean();
  });
});
