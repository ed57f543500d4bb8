import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import { assertAccessible, messages, say, Stage } from './stage';

/** A picture of one dot. */
const DOT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const PICTURE = { name: 'lamp.png', mimeType: 'image/png', buffer: DOT };
const BILL = { name: 'bill.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7\n') };

describe.skipIf(!executable)('what a visitor can do besides writing', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
  });

  async function menu(page: Page, name: string): Promise<void> {
    await page.getByTestId('menu').click();
    await page.getByTestId(name).click();
  }

  it('sends pictures and files, is told what cannot be sent, and the agent unveils and answers with one', async () => {
    const page = await stage.visitor('fi');
    await page.getByTestId('attach').setInputFiles([
      PICTURE,
      BILL,
      { name: 'page.html', mimeType: 'text/html', buffer: Buffer.from('<script>alert(1)</script>') },
      { name: 'big.png', mimeType: 'image/png', buffer: Buffer.concat([DOT, Buffer.alloc(120_000)]) },
    ]);
    await expect.poll(() => page.locator('[data-testid=file][data-ready=true]').count()).toBe(2);
    await expect.poll(() => page.locator('.waiting .bad').count()).toBe(2);
    await assertAccessible(page, 'files to be sent');
    await say(page, 'Tässä kuva');
    const own = messages(page, 'visitor').last();
    await own.locator('.picture img').waitFor();
    expect(await own.locator('.picture img').evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1);
    expect(await own.locator('.file').innerText()).toContain('bill.pdf');
    await assertAccessible(page, 'files that were sent');
    await page.reload();
    await messages(page, 'visitor').last().locator('.picture img').waitFor();

    await page.getByTestId('person').click();
    const agent = await stage.agent('aino@havu.example', { locale: 'fi-FI' });
    await agent.getByTestId('queue-item').click();
    await agent.getByTestId('claim').click();
    await agent.locator('.picture.veiled button').click();
    await agent.locator('.picture:not(.veiled) a').waitFor();
    await assertAccessible(agent, 'a picture in the console');
    await agent.getByTestId('attach').setInputFiles(BILL);
    await agent.getByTestId('attached').waitFor();
    await assertAccessible(agent, 'a file to be sent by an agent');
    await agent.getByTestId('reply').fill('Tässä hyvityslasku.');
    await agent.getByTestId('send').click();
    await messages(page, 'agent').last().locator('.file').waitFor();
    await page.getByTestId('read').waitFor();
  });

  it('pastes and drops files, and cannot where the owner takes none', async () => {
    const page = await stage.visitor('en');
    const give = (kind: string, target: string, words = ''): Promise<void> =>
      page.getByTestId(target).evaluate(
        (element, [kind, bytes, words]) => {
          const data = new DataTransfer();
          if (words) data.setData('text/plain', words as string);
          data.items.add(new File([Uint8Array.from(atob(bytes as string), (c) => c.charCodeAt(0))], `${kind}.png`));
          const event =
            kind === 'paste'
              ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
              : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
          element.dispatchEvent(event);
        },
        [kind, DOT.toString('base64'), words] as const,
      );
    // Cells are copied with a picture of themselves.
    await give('paste', 'composer', '4711\tLamp');
    await give('paste', 'composer');
    await give('drop', 'panel');
    await expect.poll(() => page.locator('[data-testid=file][data-ready=true]').count()).toBe(2);
    await page.locator('.waiting button').first().click();
    await page.getByTestId('send').click();
    await messages(page, 'visitor').last().locator('.picture').waitFor();
    stage.hub.may = {};
    const other = await stage.visitor('en');
    expect(await other.getByTestId('attach').count()).toBe(0);
    await other.getByTestId('menu').click();
    for (const name of ['mail', 'export', 'erase']) expect(await other.getByTestId(name).count()).toBe(0);
  });

  it('ticks the owner’s box before the first message', async () => {
    stage.hub.consent = true;
    const page = await stage.page();
    await page.goto(`${stage.hub.origin}/?lang=da`);
    await page.getByTestId('launcher').click();
    await page.getByTestId('agree').waitFor();
    expect(await page.getByTestId('composer').count()).toBe(0);
    await assertAccessible(page, 'the box');
    await page.getByTestId('agree').focus();
    await page.keyboard.press('Space');
    await page.getByTestId('composer').waitFor();
    await say(page, 'Hej');
    await messages(page, 'visitor').waitFor();
    await page.reload();
    await page.getByTestId('composer').waitFor();
  });

  it('holds back what was asked before the owner’s box could be shown', async () => {
    stage.hub.consent = true;
    const page = await stage.page();
    await page.goto(`${stage.hub.origin}/?lang=en`);
    await page.getByTestId('launcher').waitFor();
    await page.evaluate(() => (window as unknown as { Silta: { ask(text: string): void } }).Silta.ask('Where is it?'));
    await page.getByTestId('agree').waitFor();
    expect(await messages(page, 'visitor').count()).toBe(0);
    expect(await page.getByTestId('quick-reply').count()).toBe(0);
    await page.getByTestId('agree').focus();
    await page.keyboard.press('Space');
    await expect.poll(() => page.getByTestId('composer').inputValue()).toBe('Where is it?');
    await page.getByTestId('send').click();
    await page.locator('[data-role=visitor][data-mark=stored]').waitFor();
  });

  it('shows the owner’s box to who began before it was put up, and loses nothing', async () => {
    const page = await stage.visitor('en');
    stage.hub.consent = true;
    await say(page, 'Where is it?');
    await page.getByTestId('agree').focus();
    await page.keyboard.press('Space');
    await expect.poll(() => page.getByTestId('composer').inputValue()).toBe('Where is it?');
    await page.getByTestId('send').click();
    await page.locator('[data-role=visitor][data-mark=stored]').waitFor();
  });

  it('has the conversation sent, gets the data, and deletes everything', async () => {
    const page = await stage.visitor('en');
    await say(page, 'Where is my order?');
    await messages(page, 'bot').nth(1).waitFor();
    await menu(page, 'mail');
    await page.getByTestId('to').fill('liisa');
    await page.keyboard.press('Enter');
    await page.locator('#silta-fault').waitFor();
    await assertAccessible(page, 'an address that is none');
    await page.getByTestId('to').fill('liisa@mail.example');
    await page.getByTestId('mail-send').click();
    await page.getByTestId('mail-form').waitFor({ state: 'detached' });
    expect(stage.hub.mails).toEqual(['liisa@mail.example']);
    await page.getByTestId('menu').click();
    const download = page.waitForEvent('download');
    await page.getByTestId('export').click();
    expect((await download).suggestedFilename()).toBe('my-data.json');
    await menu(page, 'erase');
    await assertAccessible(page, 'before deleting');
    await page.getByTestId('erase-yes').click();
    await messages(page, 'visitor').first().waitFor({ state: 'detached' });
    // The widget begins anew by itself.
    await expect.poll(() => stage.hub.conversations.size).toBe(1);
  });

  it('cancels the call that was promised', async () => {
    stage.hub.choices = [
      { kind: 'callback', windows: [{ id: 'w', from: '2026-11-23T07:00:00Z', to: '2026-11-23T08:00:00Z' }] },
    ];
    const page = await stage.visitor('da');
    await page.getByTestId('person').click();
    await page.getByTestId('choose-phone').click();
    await page.getByTestId('to').fill('70 20 44 10');
    await page.getByTestId('book').click();
    await page.getByTestId('promised').waitFor();
    await page.getByTestId('cancel').click();
    await assertAccessible(page, 'a promised call beside the bot');
    await page.getByTestId('uncall').click();
    await page.getByTestId('promised').waitFor({ state: 'detached' });
    expect(stage.hub.callbacks[0]).toMatchObject({ state: 'cancelled' });
  });
});
