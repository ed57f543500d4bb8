import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import { assertAccessible, messages, say, Stage } from './stage';

describe.skipIf(!executable)('the console', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
  });

  it('says when e-mail or password is not right, and lets in when they are', async () => {
    const page = await stage.page({ locale: 'en-GB' });
    await page.goto(`${stage.hub.origin}/console`);
    await page.getByTestId('email').fill('aino@havu.example');
    await page.getByTestId('password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByTestId('fault').waitFor();
    await assertAccessible(page, 'sign-in with a fault');
    await page.getByTestId('password').fill('silta-demo');
    await page.keyboard.press('Enter');
    await page.getByTestId('desk').waitFor();
    await page.reload();
    await page.getByTestId('desk').waitFor();
    await page.getByTestId('settings').click();
    await assertAccessible(page, 'settings');
    await page.getByTestId('sign-out').click();
    await page.getByTestId('email').waitFor();
  });

  it('speaks three languages, in the light and in the dark', async () => {
    const page = await stage.agent('aino@havu.example', { locale: 'fi-FI', colorScheme: 'dark' });
    await assertAccessible(page, 'dark');
    await page.getByTestId('settings').click();
    await page.getByTestId('theme-light').click();
    for (const [language, queue] of [
      ['da', 'Kø'],
      ['en', 'Queue'],
      ['fi', 'Jono'],
    ] as const) {
      await page.getByTestId(`language-${language}`).click();
      await expect.poll(() => page.locator('.list h2').innerText()).toBe(queue);
      expect(await page.evaluate(() => document.documentElement.lang)).toBe(language);
    }
    await page.reload();
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset['theme'])).toBe('light');
  });

  it('comes back after a restart of the hub with all that was said, and keeps the draft', async () => {
    const visitor = await stage.visitor('en');
    await visitor.getByTestId('person').click();
    const agent = await stage.agent();
    await agent.getByTestId('queue-item').click();
    await agent.getByTestId('claim').click();
    await agent.getByTestId('reply').fill('half a sentence');
    stage.hub.drop(1012);
    await say(visitor, 'said meanwhile');
    await messages(agent, 'visitor').getByText('said meanwhile').waitFor();
    expect(await agent.getByTestId('reply').inputValue()).toBe('half a sentence');
    await agent.getByTestId('send').click();
    await messages(visitor, 'agent').getByText('half a sentence').waitFor();
    expect(await messages(visitor, 'agent').count()).toBe(1);
  });

  it('never lets a note slip to the visitor: reply and note are two drafts', async () => {
    const visitor = await stage.visitor('en');
    await visitor.getByTestId('person').click();
    const agent = await stage.agent();
    await agent.getByTestId('queue-item').first().click();
    await agent.getByTestId('claim').click();
    await agent.getByTestId('mode-note').click();
    await agent.getByTestId('reply').fill('the visitor sounds tired');
    await agent.getByTestId('mode-message').click();
    await expect.poll(() => agent.getByTestId('reply').inputValue()).toBe('');
    await agent.getByTestId('mode-note').click();
    await expect.poll(() => agent.getByTestId('reply').inputValue()).toBe('the visitor sounds tired');
  });

  it('is walked by arrow keys, and nothing is typed by an Alt key', async () => {
    for (let n = 0; n < 3; n++) {
      const conversation = stage.hub.make('en');
      stage.hub.visitorSays(conversation, `number ${n}`, `k${n}`);
      stage.hub.handoff(conversation, [{ code: 'asked' }]);
    }
    const page = await stage.agent();
    await page.getByTestId('queue-item').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByTestId('claim').waitFor();
    const second = await page.getByTestId('queue-item').nth(1).getAttribute('data-conversation');
    expect(await page.getByTestId('thread').getAttribute('data-conversation')).toBe(second);
  });

  it('draws 500 who wait without losing its breath', async () => {
    for (let n = 0; n < 500; n++) {
      const conversation = stage.hub.make('fi');
      conversation.waitingSince = new Date(Date.now() - n * 1_000).toISOString();
      conversation.status = 'queued';
    }
    const page = await stage.agent();
    await expect.poll(() => page.getByTestId('queue-item').count()).toBeGreaterThan(499);
    const longest = await page.evaluate(async () => {
      let worst = 0;
      let last = performance.now();
      for (let frame = 0; frame < 40; frame++) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        worst = Math.max(worst, now - last);
        last = now;
        document.querySelector('.list ul')?.scrollBy(0, 120);
      }
      return worst;
    });
    expect(longest).toBeLessThan(500);
    await assertAccessible(page, '500 in the queue');
  });

  it('fits a phone', async () => {
    const conversation = stage.hub.make('fi');
    stage.hub.visitorSays(conversation, 'Minulta veloitettiin kahteen kertaan', 'p');
    stage.hub.handoff(
      conversation,
      [{ code: 'human_topic', topic: 'human/double_charge', evidence: ['kahteen kertaan'], of: 1 }],
      'high',
    );
    const page = await stage.agent('aino@havu.example', { phone: true, locale: 'fi-FI' });
    await page.getByTestId('queue-item').first().click();
    await page.getByTestId('claim').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await assertAccessible(page, 'a conversation on a phone');
    await page.getByTestId('toggle-details').click();
    await assertAccessible(page, 'details on a phone');
  });
});
