import type { CDPSession, Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import { assertAccessible, messages, say, Stage } from './stage';

const SAID = {
  fi: { ask: 'Missä tilaukseni on?', need: 'Minulta veloitettiin kahteen kertaan!', answer: 'Hei! Palautan toisen.', locale: 'fi-FI', reply: 'Keskustelun kieli: suomi', thanks: 'Kiitos arviosta.' },
  da: { ask: 'Hvor er min ordre?', need: 'Jeg er blevet trukket to gange!', answer: 'Hej! Jeg fører det ene tilbage.', locale: 'da-DK', reply: 'Skriv til kunden på dansk', thanks: 'Tak for din vurdering.' },
  en: { ask: 'Where is my order?', need: 'I was charged twice!', answer: 'Hello! I’m refunding one.', locale: 'en-GB', reply: 'Write to the visitor in English', thanks: 'Thank you for your rating.' },
} as const;

/** Nothing is wider than the phone, and what can be pressed is within it. */
async function fits(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
}

describe.skipIf(!executable)('on a phone', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
  });

  it.each(['fi', 'da', 'en'] as const)('visitor and agent meet, talk and part in %s', async (language) => {
    const words = SAID[language];
    const guest = await stage.visitor(language, { phone: true, locale: words.locale });
    const email = language === 'da' ? 'mikkel@havu.example' : 'aino@havu.example';
    const agent = await stage.agent(email, { phone: true, locale: words.locale });
    await say(guest, words.ask);
    await messages(guest, 'bot').nth(1).waitFor();
    await say(guest, words.need);
    await guest.getByTestId('cancel').waitFor();
    await fits(guest);

    await agent.getByTestId('queue-item').first().tap();
    await agent.getByTestId('claim').tap();
    await guest.getByTestId('status').and(guest.locator('[data-status=assigned]')).waitFor();
    const reply = agent.getByTestId('reply');
    expect(await reply.getAttribute('placeholder')).toContain(words.reply);
    await reply.fill(words.answer);
    await guest.getByTestId('typing').waitFor();
    await agent.getByTestId('send').tap();
    await messages(guest, 'agent').getByText(words.answer).waitFor();
    await fits(agent);
    await assertAccessible(agent, 'answering on a phone');
    await agent.getByTestId('toggle-details').tap();
    await agent.getByTestId('reasons').first().waitFor();
    await assertAccessible(agent, 'details on a phone');
    await agent.locator('.details .narrow').tap();

    await agent.getByTestId('resolve').tap();
    await guest.getByTestId('rating').waitFor();
    await assertAccessible(guest, 'the rating on a phone');
    await guest.locator('[data-of=agent] label').nth(4).tap();
    await guest.locator('.rating .firm').tap();
    await guest.locator('[data-kind=rating]').getByText(words.thanks).waitFor();
    await fits(guest);
  });
});

describe.skipIf(!executable)('the Back button of a phone', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
  });

  it('closes the panel, of which the page hears no more than its own state, and leaves the page when it is closed', async () => {
    const page = await stage.page({ phone: true });
    await page.goto(`${stage.hub.origin}/console`);
    await page.goto(`${stage.hub.origin}/?lang=fi`);
    await page.getByTestId('launcher').waitFor();
    await page.evaluate(() => {
      history.replaceState({ own: 1 }, '');
      Object.assign(window, { before: [], after: [] });
      window.addEventListener('popstate', ({ state }) => (window as unknown as { before: unknown[] }).before.push(state));
    });
    const shop = page.url();
    const panel = page.getByTestId('panel');
    // Who listened before the widget hears a step to where it is; who came after it, nothing.
    const facts = (): Promise<unknown[]> =>
      page.evaluate(() => {
        const { before, after } = window as unknown as { before: unknown[]; after: unknown[] };
        return [history.state, after.length, ...before];
      });
    await page.getByTestId('launcher').tap();
    await panel.waitFor();
    expect(await facts()).toEqual([{ own: 1, silta: true }, 0]);
    await page.evaluate(() => {
      window.addEventListener('popstate', ({ state }) => (window as unknown as { after: unknown[] }).after.push(state));
    });
    await page.evaluate(() => history.back());
    await panel.waitFor({ state: 'detached' });
    expect(page.url()).toBe(shop);
    const own = { own: 1 };
    expect(await facts()).toEqual([own, 0, own]);
    for (let round = 0; round < 2; round++) {
      await page.getByTestId('launcher').tap();
      await page.getByTestId('close').tap();
      await panel.waitFor({ state: 'detached' });
      const [state, after, ...before] = await facts();
      expect([state, after]).toEqual([own, 0]);
      expect(before.every((heard) => JSON.stringify(heard) === JSON.stringify(own))).toBe(true);
    }
    await page.evaluate(() => history.back());
    await page.waitForURL('**/console');
  });
});

/** Where AltGr types what programmers and addresses need; [character, key]. */
const LAYOUTS = {
  Finnish: [['@', 'Digit2'], ['£', 'Digit3'], ['$', 'Digit4'], ['{', 'Digit7'], ['[', 'Digit8'], [']', 'Digit9'], ['}', 'Digit0'], ['\\', 'Minus'], ['|', 'IntlBackslash'], ['€', 'KeyE']],
  Danish: [['@', 'Digit2'], ['£', 'Digit3'], ['$', 'Digit4'], ['{', 'Digit7'], ['[', 'Digit8'], [']', 'Digit9'], ['}', 'Digit0'], ['\\', 'IntlBackslash'], ['|', 'Equal'], ['€', 'Digit5']],
} as const;
const ALT = 1;
const CTRL = 2;

/**
 * A real key of the browser's, as a keyboard of that layout sends it, not an event made by a script: the browser itself
 * types nothing where somebody stopped the key.
 */
async function key(line: CDPSession, text: string, code: string, modifiers: number): Promise<void> {
  const what = { key: text, code, modifiers, windowsVirtualKeyCode: code.startsWith('Digit') ? code.charCodeAt(5) : 0 };
  await line.send('Input.dispatchKeyEvent', { ...what, type: 'rawKeyDown' });
  await line.send('Input.dispatchKeyEvent', { key: text, code, type: 'char', text, unmodifiedText: text });
  await line.send('Input.dispatchKeyEvent', { ...what, type: 'keyUp' });
}

async function altGr(line: CDPSession, down: boolean, modifiers: number): Promise<void> {
  await line.send('Input.dispatchKeyEvent', {
    type: down ? 'rawKeyDown' : 'keyUp',
    key: 'AltGraph',
    code: 'AltRight',
    location: 2,
    modifiers: down ? modifiers : 0,
    windowsVirtualKeyCode: 18,
  });
}

describe.skipIf(!executable)('AltGr', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
  });

  // Windows says Ctrl and Alt are held; Linux says neither.
  it.each([['Finnish', CTRL | ALT], ['Finnish', 0], ['Danish', CTRL | ALT], ['Danish', 0]] as const)(
    'types with a %s keyboard what it should, with the modifiers %i, and does nothing else',
    async (layout, held) => {
      const conversation = stage.hub.make('fi');
      stage.hub.visitorSays(conversation, 'Moi', 'm');
      stage.hub.handoff(conversation, [{ code: 'asked' }]);
      const page = await stage.agent('aino@havu.example', { locale: layout === 'Danish' ? 'da-DK' : 'fi-FI' });
      await page.getByTestId('queue-item').first().click();
      await page.getByTestId('claim').click();
      const reply = page.getByTestId('reply');
      await reply.click();
      await reply.pressSequentially('x');
      const line = await page.context().newCDPSession(page);
      let typed = 'x';
      for (const [text, code] of LAYOUTS[layout]) {
        await altGr(line, true, held);
        await key(line, text, code, held);
        await altGr(line, false, held);
        typed += text;
        await expect.poll(() => reply.inputValue()).toBe(typed);
      }
      expect(await reply.getAttribute('data-mode')).toBe('message');
      // Beside a field, where single letters act, the same keys act on nothing.
      await page.locator('.log').first().focus();
      for (const [text, code] of LAYOUTS[layout]) {
        await altGr(line, true, held);
        await key(line, text, code, held);
        await altGr(line, false, held);
      }
      // Nor do letters with AltGr held, some of which are shortcuts without it.
      for (const letter of ['n', 'r', 'k', 'j', 'c', '?']) await key(line, letter, `Key${letter.toUpperCase()}`, CTRL | ALT);
      expect(await page.getByTestId('dialog').count()).toBe(0);
      expect(await reply.inputValue()).toBe(typed);
      expect(await reply.getAttribute('data-mode')).toBe('message');
      expect(await page.getByTestId('thread').getAttribute('data-conversation')).toBe(conversation.id);
      expect(await page.getByTestId('message').count()).toBeGreaterThan(0);
      // The visitor's composer knows no shortcuts at all; it types the same.
      const guest = await stage.visitor('fi');
      const composer = guest.getByTestId('composer');
      await composer.click();
      const other = await guest.context().newCDPSession(guest);
      for (const [text, code] of LAYOUTS[layout]) await key(other, text, code, held);
      await expect.poll(() => composer.inputValue()).toBe(typed.slice(1));
      await guest.context().close();
      await page.context().close();
    },
  );
});
