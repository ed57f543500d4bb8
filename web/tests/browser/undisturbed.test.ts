/** What an agent has chosen, written or is reading stays as it is, whatever comes meanwhile. */
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import type { FakeConversation } from '../../dev/hub.mjs';
import { assertAccessible, Stage } from './stage';

describe.skipIf(!executable)('an agent is not disturbed', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
  });

  /** A conversation with a long part before the handoff and one after it, in an agent's hands. */
  async function holding(): Promise<[Page, FakeConversation]> {
    const conversation = stage.hub.make('en');
    for (let n = 0; n < 30; n++) stage.hub.say(conversation, 'bot', `before ${n}`);
    stage.hub.handoff(conversation, [{ code: 'asked' }]);
    const page = await stage.agent('aino@havu.example', { locale: 'en-GB' });
    await page.locator(`[data-conversation="${conversation.id}"]`).first().click();
    await page.getByTestId('claim').click();
    await page.getByTestId('reply').waitFor();
    for (let n = 0; n < 20; n++) stage.hub.say(conversation, 'visitor', `after ${n}`);
    await page.getByText('after 19', { exact: true }).last().waitFor();
    return [page, conversation];
  }

  const scrollToTop = (page: Page): Promise<unknown> => page.locator('.log').evaluate((log) => log.scrollTo(0, 0));

  it('by the clock: an announcement’s times stay as they were chosen', async () => {
    const conversation = stage.hub.make('en');
    stage.hub.handoff(conversation, [{ code: 'asked' }]);
    const page = await stage.agent();
    await page.getByTestId('view-team').click();
    await page.getByTestId('announce').click();
    await page.locator('#box-from').fill('2031-01-02T08:00');
    await page.locator('#box-to').fill('2031-01-02T12:00');
    await page.clock.setFixedTime(Date.now() + 3 * 60_000);
    stage.hub.alert({ id: 'x', kind: 'wait', conversation: conversation.id, text: 'A wait runs out' });
    await page.getByTestId('alert').waitFor();
    expect(await page.locator('#box-from').inputValue()).toBe('2031-01-02T08:00');
    expect(await page.locator('#box-to').inputValue()).toBe('2031-01-02T12:00');
  });

  it('by colleagues who come and go: a conversation goes to whom was picked', async () => {
    await stage.agent('mikkel@havu.example');
    const [page, conversation] = await holding();
    const picked = page.locator('.targets label:has(:checked)');
    await page.getByTestId('transfer').click();
    await page.locator('.targets label').nth(1).click();
    const before = await picked.innerText();
    for (const peer of stage.hub.agents) peer.send({ type: 'presence', agent: { id: 'a2', name: 'Mikkel' }, id: 'a2', name: 'Mikkel', value: 'offline' });
    await page.getByTestId('dialog').getByText('Offline').waitFor();
    expect(await picked.innerText()).toBe(before);
    await page.getByTestId('dialog-send').click();
    await page.getByTestId('dialog').waitFor({ state: 'detached' });
    expect(conversation.status).toBe('queued');
  });

  it('by their own mouse: a selection dragged out of a dialog does not close it', async () => {
    const [page] = await holding();
    await page.getByTestId('more').click();
    await page.getByTestId('ask-help').click();
    const note = page.getByTestId('dialog-note');
    await note.fill('What now?');
    const at = await note.boundingBox();
    if (!at) throw new Error('no field');
    await page.mouse.move(at.x + 60, at.y + 16);
    await page.mouse.down();
    await page.mouse.move(6, 6, { steps: 4 });
    await page.mouse.up();
    expect(await note.inputValue()).toBe('What now?');
    await page.mouse.click(6, 6);
    await page.getByTestId('dialog').waitFor({ state: 'detached' });
  });

  it('while reading further up: what comes is counted, and read only at the end', async () => {
    const [page, conversation] = await holding();
    await page.locator('.item .unread').waitFor({ state: 'detached' });
    await scrollToTop(page);
    await page.getByTestId('jump').waitFor();
    stage.hub.say(conversation, 'visitor', 'Are you there?');
    await expect.poll(() => page.getByTestId('jump').innerText()).toBe('1 new message');
    await page.locator('.item .unread').waitFor();
    await expect.poll(() => page.title()).toMatch(/^\(1\) /);
    await assertAccessible(page, 'a message out of sight');
    await page.getByTestId('jump').click();
    await page.locator('.item .unread').waitFor({ state: 'detached' });
    await expect.poll(() => page.title()).not.toMatch(/^\(/);
  });

  it('by earlier events, which come in front in silence and move nothing', async () => {
    const [page] = await holding();
    await scrollToTop(page);
    await page.getByTestId('jump').waitFor();
    const first = page.locator('.log [data-seq]').first();
    const row = page.locator(`.log [data-seq="${await first.getAttribute('data-seq')}"]`);
    const before = await row.boundingBox();
    await page.locator('.log').evaluate((log) => {
      const live: (string | null)[] = [];
      Object.assign(window, { live });
      new MutationObserver(() => live.push(log.getAttribute('aria-live'))).observe(log, { childList: true, subtree: true });
    });
    await page.getByTestId('unfold').click();
    await page.getByText('before 0', { exact: true }).waitFor({ state: 'attached' });
    const live = await page.evaluate(() => (window as unknown as { live: string[] }).live);
    expect(live.length).toBeGreaterThan(0);
    expect(new Set(live)).toEqual(new Set(['off']));
    expect(Math.abs(((await row.boundingBox())?.y ?? 0) - (before?.y ?? 0))).toBeLessThan(2);
    await expect.poll(() => page.locator('.log').getAttribute('aria-live')).toBe('polite');
  });

  it('by the clipboard: cells come as words, a picture as a picture', async () => {
    const [page] = await holding();
    const paste = (text: string): Promise<boolean> =>
      page.getByTestId('reply').evaluate((field, words) => {
        const data = new DataTransfer();
        if (words) data.setData('text/plain', words);
        data.items.add(new File(['x'], 'image.png', { type: 'image/png' }));
        return field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
      }, text);
    expect(await paste('4711\tLamp')).toBe(true);
    expect(await page.getByTestId('uploading').count()).toBe(0);
    expect(await page.getByTestId('attached').count()).toBe(0);
    expect(await paste('')).toBe(false);
  });
});
