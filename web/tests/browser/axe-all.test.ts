/** axe in every main state, in each language, in the light and in the dark: long, so it runs with the stories. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import { assertAccessible, messages, say, Stage } from './stage';

const WORDS = {
  fi: { locale: 'fi-FI', need: 'Minulta veloitettiin kahteen kertaan!', email: 'aino@havu.example' },
  da: { locale: 'da-DK', need: 'Jeg er blevet trukket to gange!', email: 'mikkel@havu.example' },
  en: { locale: 'en-GB', need: 'I was charged twice!', email: 'aino@havu.example' },
} as const;
const LOOKS = (['fi', 'da', 'en'] as const).flatMap((language) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ language, colorScheme })),
);
/** What WCAG 1.4.12 lets a reader set. */
const SPACING = '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }';

describe.skipIf(!executable)('WCAG 2.2 AA', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
    stage.hub.choices = [
      { kind: 'callback', windows: [{ id: 'w', from: '2026-11-23T07:00:00Z', to: '2026-11-23T08:00:00Z' }] },
      { kind: 'email', by: '2026-11-23T08:00:00Z' },
    ];
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
  });

  it.each(LOOKS)('holds for the widget in $language, $colorScheme', async ({ language, colorScheme }) => {
    const { locale, need } = WORDS[language];
    const page = await stage.visitor(language, { colorScheme, locale });
    await assertAccessible(page, 'greeting');
    await page.getByTestId('menu').click();
    await assertAccessible(page, 'menu');
    for (const [what, shown] of [['mail', 'mail-form'], ['erase', 'erase-sure']] as const) {
      if (await page.getByTestId(what).count() === 0) await page.getByTestId('menu').click();
      await page.getByTestId(what).click();
      await page.getByTestId(shown).waitFor();
      await assertAccessible(page, what);
      await page.getByTestId(shown).locator('.plain').click();
    }
    await say(page, need);
    await page.getByTestId('choose-phone').click();
    await page.getByTestId('later').waitFor();
    await assertAccessible(page, 'a call');
    await page.locator('.later .plain').click();
    await page.getByTestId('choose-email').waitFor();
    await assertAccessible(page, 'waiting');
    await page.getByTestId('cancel').click();
    await page.getByTestId('menu').click();
    await page.getByTestId('end').click();
    await page.getByTestId('rating').waitFor();
    await page.locator('[data-of=bot] label').nth(3).click();
    await assertAccessible(page, 'rating');
    // Nothing moves for who wants that.
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  });

  it.each(LOOKS)('holds for the console in $language, $colorScheme', async ({ language, colorScheme }) => {
    const { locale, need, email } = WORDS[language];
    const conversation = stage.hub.make(language);
    stage.hub.visitorSays(conversation, need, 'm');
    stage.hub.handoff(conversation, [{ code: 'human_topic', topic: 'human/double_charge', explanation: '', evidence: [], of: 1 }], 'high');
    const page = await stage.page({ colorScheme, locale });
    await page.goto(`${stage.hub.origin}/console`);
    await page.getByTestId('email').waitFor();
    await assertAccessible(page, 'signing in');
    await page.getByTestId('email').fill(email);
    await page.getByTestId('password').fill('silta-demo');
    await page.getByTestId('sign-in').click();
    await page.getByTestId('queue-item').first().click();
    await page.getByTestId('claim').waitFor();
    await assertAccessible(page, 'reading before taking');
    await page.getByTestId('claim').click();
    await page.getByTestId('reply').waitFor();
    await assertAccessible(page, 'answering');
    await page.getByTestId('mode-note').click();
    await assertAccessible(page, 'a note');
    await page.getByTestId('more').click();
    await assertAccessible(page, 'more');
    await page.keyboard.press('Escape');
    await page.getByTestId('settings').click();
    await assertAccessible(page, 'settings');
    for (const view of ['mine', 'others', 'calls', 'find']) {
      await page.getByTestId(`view-${view}`).click();
      await assertAccessible(page, view);
    }
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  });

  it('reflows at 320 pixels and with wide letters, on both sides', async () => {
    const small = { viewport: { width: 320, height: 568 } };
    const guest = await stage.visitor('fi', { ...small, locale: 'fi-FI' });
    await say(guest, WORDS.fi.need);
    await guest.getByTestId('choose-phone').waitFor();
    const agent = await stage.agent(WORDS.fi.email, { ...small, locale: 'fi-FI' });
    await agent.getByTestId('queue-item').first().click();
    await agent.getByTestId('claim').click();
    await agent.getByTestId('reply').waitFor();
    for (const page of [guest, agent]) {
      await assertAccessible(page, '320 pixels');
      await page.evaluate((css) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
        const root = document.querySelector('silta-chat')?.shadowRoot;
        if (root) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
      }, SPACING);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
      // What is to be pressed stays within the window, whatever the letters take.
      const outside = await page.evaluate(() => {
        const root = document.querySelector('silta-chat')?.shadowRoot ?? document;
        return [...root.querySelectorAll<HTMLElement>('button, textarea')]
          .filter((one) => one.checkVisibility() && !one.closest('.sr'))
          .map((one) => ({ what: one.outerHTML.slice(0, 80), box: one.getBoundingClientRect() }))
          .filter(({ box }) => box.width > 1 && (box.right > 321 || box.left < -1))
          .map(({ what }) => what);
      });
      expect(outside).toEqual([]);
      await assertAccessible(page, 'wide letters');
    }
    expect(await messages(agent, 'visitor').count()).toBe(1);
  });
});
