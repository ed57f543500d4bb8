/** What agents do together: notes that call, macros, one answer at a time; and how they sign in. */
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import type { FakeConversation } from '../../dev/hub.mjs';
import { assertAccessible, messages, Stage } from './stage';

const MACRO = {
  key: 'bye',
  title: { fi: 'Kiitä ja päätä', da: 'Tak og afslut', en: 'Thank and close' },
  steps: [{ reply: { fi: 'Kiitos, {agent}', da: 'Tak, {agent}', en: 'Thanks, {agent}' } }, { note: 'done' }, { resolve: 'solved' }],
};

describe.skipIf(!executable)('people at the console', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
    stage.hub.macros = [MACRO];
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
  });

  /** A conversation that waits, with a reason and the words that show it. */
  function waiting(language = 'en'): FakeConversation {
    const made = stage.hub.make(language);
    const text = { en: 'I was charged twice', fi: 'Veloitettiin kahteen kertaan', da: 'Trukket to gange' }[language] ?? '';
    const evidence = { en: 'twice', fi: 'kahteen kertaan', da: 'to gange' }[language] ?? '';
    stage.hub.visitorSays(made, text, 'x');
    stage.hub.handoff(made, [{ code: 'human_topic', topic: 'human/double_charge', evidence: [evidence], of: 1 }], 'high');
    return made;
  }

  async function taken(page: Page): Promise<void> {
    await page.getByTestId('queue-item').first().click();
    await page.getByTestId('claim').click();
    await page.getByTestId('reply').waitFor();
  }

  async function more(page: Page, name: string): Promise<void> {
    await page.getByTestId('more').click();
    await page.getByTestId(name).first().click();
  }

  it.each([
    ['en', 'Needs a person: Wrong charge', 'twice'],
    ['fi', 'Asia kuuluu ihmiselle: Virheellinen veloitus', 'kahteen kertaan'],
    ['da', 'Sagen kræver et menneske: Forkert opkrævning', 'to gange'],
  ])('see above the history why a person is needed, and the words that show it: %s', async (language, why, words) => {
    waiting(language);
    const page = await stage.agent('aino@havu.example', { locale: language });
    await page.getByTestId('queue-item').click();
    const reasons = page.getByTestId('reasons');
    await expect.poll(() => reasons.innerText()).toContain(why);
    expect(await reasons.locator('mark').innerText()).toBe(words);
    const [top, log] = await Promise.all([reasons.boundingBox(), page.locator('.log').boundingBox()]);
    expect(top?.y ?? Infinity).toBeLessThan(log?.y ?? 0);
    expect(await messages(page, 'visitor').locator('mark').innerText()).toBe(words);
    await assertAccessible(page, 'reasons');
  });

  it('call each other in notes', async () => {
    waiting();
    const aino = await stage.agent();
    const mikkel = await stage.agent('mikkel@havu.example');
    await taken(aino);
    await aino.getByTestId('mode-note').click();
    await aino.getByTestId('reply').pressSequentially('Please look, @Mi');
    await aino.getByTestId('replies').waitFor();
    await assertAccessible(aino, 'colleagues to call');
    await aino.keyboard.press('Enter');
    expect(await aino.getByTestId('reply').inputValue()).toBe('Please look, @Mikkel ');
    await aino.keyboard.press('Control+Enter');
    await expect.poll(() => messages(aino, 'note').locator('mark').innerText()).toBe('@Mikkel');
    await mikkel.getByTestId('alert').locator('.text').click();
    await messages(mikkel, 'note').waitFor();
  });

  it('do several things in one, having seen what they are', async () => {
    const made = waiting();
    const page = await stage.agent();
    await taken(page);
    await more(page, 'macro');
    await expect.poll(() => page.locator('.steps li').count()).toBe(3);
    await assertAccessible(page, 'a macro');
    await page.getByTestId('dialog-send').click();
    await expect.poll(() => made.status).toBe('resolved');
    const kinds = made.events.slice(-3).map((event) => event.kind);
    expect(kinds).toEqual(['message', 'note', 'resolved']);
    expect(made.events.at(-3)?.text).toBe('Thanks, Aino');
  });

  it('give back to the bot with a note, and mark as unread', async () => {
    const made = waiting();
    const page = await stage.agent();
    await taken(page);
    await more(page, 'mark-unread');
    await page.getByTestId('view-mine').click();
    await page.locator('.item .unread').waitFor();
    await page.getByTestId('queue-item').first().click();
    await more(page, 'ask-return');
    await page.getByTestId('dialog-note').fill('All told.');
    await page.getByTestId('dialog-send').click();
    await expect.poll(() => made.status).toBe('bot');
    expect(made.events.find((event) => event.kind === 'note')?.text).toBe('All told.');
  });

  it('are asked before a second answer follows a colleague’s at once', async () => {
    const made = waiting();
    const page = await stage.agent();
    await taken(page);
    stage.hub.say(made, 'agent', 'I look into it', { author: { id: 'a2', name: 'Mikkel' } });
    await messages(page, 'agent').waitFor();
    await page.getByTestId('reply').fill('We look into it');
    await page.getByTestId('send').click();
    await page.getByTestId('dialog').waitFor();
    await assertAccessible(page, 'a second answer');
    expect(messages(page, 'agent')).toBeTruthy();
    expect(await messages(page, 'agent').count()).toBe(1);
    await page.getByTestId('dialog-send').click();
    await expect.poll(() => messages(page, 'agent').count()).toBe(2);
  });

  it('who lead export and delete a person’s data', async () => {
    const made = waiting();
    const page = await stage.agent();
    await taken(page);
    await more(page, 'ask-export');
    const download = page.waitForEvent('download');
    await page.getByTestId('dialog-send').click();
    expect((await download).suggestedFilename()).toBe(`${made.id}.json`);
    await more(page, 'ask-erase');
    await assertAccessible(page, 'before deleting');
    await page.getByTestId('dialog-send').click();
    await page.getByTestId('thread').waitFor({ state: 'detached' });
    expect(stage.hub.conversations.has(made.id)).toBe(false);
    expect(await page.getByTestId('queue-item').count()).toBe(0);
  });

  it('sign in with a second step, or by the company’s own way', async () => {
    stage.hub.secondFactor.add('aino@havu.example');
    stage.hub.oidc = { name: 'Havu ID', url: '/api/login/oidc' };
    const page = await stage.page({ locale: 'en-GB' });
    await page.goto(`${stage.hub.origin}/console`);
    await page.getByTestId('oidc').waitFor();
    await assertAccessible(page, 'signing in');
    expect(await page.getByTestId('oidc').getAttribute('href')).toBe('/api/login/oidc');
    await page.getByTestId('email').fill('aino@havu.example');
    await page.getByTestId('password').fill('silta-demo');
    await page.getByTestId('sign-in').click();
    await page.getByTestId('code').fill('000 000');
    await page.getByTestId('sign-in').click();
    await page.getByTestId('fault').waitFor();
    await assertAccessible(page, 'the second step');
    await page.getByTestId('code').fill('123 456');
    await page.getByTestId('sign-in').click();
    await page.getByTestId('desk').waitFor();
  });

  it('are asked whether they are there, and look after their own sign-in', async () => {
    const page = await stage.agent();
    for (const peer of stage.hub.agents) peer.send({ type: 'session', ends_at: new Date(Date.now() + 120_000).toISOString() });
    await page.getByTestId('ending').waitFor();
    await assertAccessible(page, 'still there?');
    await page.getByTestId('stay').click();
    await page.getByTestId('ending').waitFor({ state: 'detached' });
    await page.getByTestId('settings').click();
    await assertAccessible(page, 'settings');
    await page.getByTestId('second-factor').click();
    await page.locator('dialog [data-testid=password]').fill('silta-demo');
    await page.getByTestId('dialog-send').click();
    await page.getByTestId('secret').waitFor();
    await assertAccessible(page, 'the key of a second factor');
    await page.getByTestId('code').fill('123456');
    await page.getByTestId('dialog-send').click();
    await page.getByTestId('recovery').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('settings').click();
    await page.getByTestId('change-password').click();
    await page.getByTestId('old').fill('wrong');
    await page.getByTestId('new').fill('a long new password');
    await page.getByTestId('dialog-send').click();
    await page.getByTestId('fault').waitFor();
    await assertAccessible(page, 'a password that is not right');
    await page.getByTestId('old').fill('silta-demo');
    await page.getByTestId('dialog-send').click();
    await page.getByTestId('dialog').waitFor({ state: 'detached' });
  });

  it('type with AltGr what a Finnish keyboard has there, and nothing else happens', async () => {
    waiting();
    const page = await stage.agent('aino@havu.example', { locale: 'fi-FI' });
    await taken(page);
    const held = { altKey: true, ctrlKey: true, modifierAltGraph: true, bubbles: true, cancelable: true };
    const press = (selector: string, key: string): Promise<boolean> =>
      page.locator(selector).first().evaluate(
        // True when nobody stopped it: the letter is typed.
        (element, [key, more]) => element.dispatchEvent(new KeyboardEvent('keydown', { key: key as string, ...(more as object) })),
        [key, held] as const,
      );
    for (const key of ['@', '£', '$', '{', '[', ']', '}', '\\', '~', '|', 'k', 'n', 'r', 'j', 'c', '?', '/']) {
      expect(await press('[data-testid=reply]', key), `${key} in the field`).toBe(true);
      expect(await press('.log', key), `${key} beside it`).toBe(true);
    }
    expect(await page.getByTestId('reply').getAttribute('data-mode')).toBe('message');
    expect(await page.getByTestId('dialog').count()).toBe(0);
    expect(await page.getByTestId('thread').count()).toBe(1);
    await page.getByTestId('reply').fill('');
    await page.getByTestId('reply').pressSequentially('a@b{c}[d]\\~|');
    expect(await page.getByTestId('reply').inputValue()).toBe('a@b{c}[d]\\~|');
  });
});
