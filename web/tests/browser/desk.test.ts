import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import type { FakeConversation } from '../../dev/hub.mjs';
import { assertAccessible, messages, Stage } from './stage';

describe.skipIf(!executable)("an agent's day", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
  });

  function someone(language = 'fi', text = 'Minulta veloitettiin kahteen kertaan'): FakeConversation {
    const conversation = stage.hub.make(language);
    stage.hub.visitorSays(conversation, text, `m${conversation.id}`);
    stage.hub.handoff(conversation, [{ code: 'asked' }]);
    return conversation;
  }

  async function holding(conversation: FakeConversation, locale = 'en-GB'): Promise<Page> {
    const page = await stage.agent('aino@havu.example', { locale });
    await page.locator(`[data-conversation="${conversation.id}"]`).first().click();
    await page.getByTestId('claim').click();
    await page.getByTestId('reply').waitFor();
    return page;
  }

  async function focused(page: Page, name: string): Promise<void> {
    await expect.poll(() => page.evaluate(() => (document.activeElement as HTMLElement).dataset['testid'])).toBe(name);
  }

  it('begins with an offer that counts down and is accepted', async () => {
    const conversation = someone();
    const page = await stage.agent();
    stage.hub.offer(conversation);
    await page.getByTestId('offer').waitFor();
    await assertAccessible(page, 'an offer');
    const left = await page.getByTestId('offer-left').innerText();
    await expect.poll(() => page.getByTestId('offer-left').innerText()).not.toBe(left);
    await page.getByTestId('accept').click();
    await page.getByTestId('reply').waitFor();
    expect(await page.getByTestId('offer').count()).toBe(0);
  });

  it('lets an offer go that nobody took in time', async () => {
    const conversation = someone();
    const page = await stage.agent();
    stage.hub.offer(conversation, 1);
    await page.getByTestId('offer').waitFor();
    await page.getByTestId('offer').waitFor({ state: 'detached' });
  });

  it('asks for a number that was covered, where the owner keeps it, and covers it again', async () => {
    const conversation = someone('da', 'Mit nummer er [CPR ••••], tak');
    stage.hub.covered.set(1, [{ kind: 'CPR', value: '010190-1234' }]);
    const page = await holding(conversation, 'da-DK');
    await page.getByTestId('uncover').click();
    await page.getByTestId('uncovered').getByText('010190-1234').waitFor();
    await assertAccessible(page, 'a number that is shown');
    await page.getByTestId('uncovered').locator('button').click();
    await page.getByTestId('uncovered').waitFor({ state: 'detached' });
    stage.hub.covered.delete(1);
    await page.getByTestId('uncover').click();
    await page.getByTestId('toast').getByText('ikke gemt').waitFor();
    await page.context().close();
    stage.hub.covered.clear();
    const without = await stage.agent('mikkel@havu.example', { locale: 'da-DK' });
    await without.getByTestId('view-others').click();
    await without.locator(`[data-conversation="${conversation.id}"]`).first().click();
    await messages(without, 'visitor').first().waitFor();
    expect(await without.getByTestId('uncover').count()).toBe(0);
  });

  it('has ready replies by "/", in the visitor’s language with the agent’s own beside', async () => {
    stage.hub.canned = [
      {
        key: 'refund_on_its_way',
        title: { fi: 'Hyvitys matkalla', da: 'Refusion på vej', en: 'Refund on its way' },
        text: { fi: 'Hyvitys on matkalla. Terveisin {agent}', da: 'Pengene er på vej.', en: 'The refund is on its way.' },
      },
      { key: 'wait', title: { en: 'One moment' }, text: { fi: 'Hetki, tarkistan.', en: 'One moment.' } },
    ];
    const page = await holding(someone());
    await page.getByTestId('reply').fill('/');
    await expect.poll(() => page.locator('[role=option]').count()).toBe(2);
    await assertAccessible(page, 'ready replies');
    // What takes the focus away for a moment must not turn the choice into a message "/…".
    await page.getByTestId('reply').blur();
    await page.getByTestId('replies').waitFor({ state: 'detached' });
    await page.getByTestId('reply').focus();
    await page.getByTestId('replies').waitFor();
    await page.getByTestId('reply').fill('/rfnd');
    await expect.poll(() => page.locator('[role=option]').count()).toBe(1);
    expect(await page.locator('[role=option]').innerText()).toContain('The refund is on its way.');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByTestId('reply').inputValue()).toBe('Hyvitys on matkalla. Terveisin Aino');
    expect(await messages(page, 'agent').count()).toBe(0);
  });

  it('takes what the hub suggests', async () => {
    stage.hub.answersFor = () => [{ kind: 'vetted', key: 'faq/x', title: 'Double charge', text: 'Selvitetään.', own: 'We look.' }];
    const page = await holding(someone());
    await page.getByTestId('reply').fill('Hei!');
    await page.getByTestId('suggest').click();
    await page.getByTestId('replies').waitFor();
    await focused(page, 'reply');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByTestId('reply').inputValue()).toBe('Hei!\nSelvitetään.');
  });

  it('warns of the wrong language, and offers to remember what was promised', async () => {
    const page = await holding(someone());
    await page.getByTestId('reply').fill('Hello, we will look at this for you. I’ll call you by Friday.');
    await page.getByTestId('wrong-language').waitFor();
    await assertAccessible(page, 'the wrong language');
    await page.getByTestId('send').click();
    await page.getByTestId('toast-do').click();
    await expect.poll(() => page.getByTestId('promise-made').innerText()).toBe('I’ll call you by Friday.');
    expect(await page.getByTestId('promise').count()).toBe(0);
    await assertAccessible(page, 'a reminder');
    await page.getByTestId('dialog-send').click();
    await page.getByTestId('dialog').waitFor({ state: 'detached' });
    const [made] = stage.hub.conversations.values();
    expect(made).toMatchObject({ snoozed: expect.any(String), promise: null });
    expect(await messages(page, 'agent').count()).toBe(1);
  });

  it('puts a conversation off with a word that the visitor reads, and gives the focus back to the menu', async () => {
    const page = await holding(someone('en', 'Two charges'));
    await page.getByTestId('more').click();
    await page.getByTestId('ask-snooze').click();
    await page.getByTestId('promise').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('dialog').waitFor({ state: 'detached' });
    await focused(page, 'more');
    await page.getByTestId('more').click();
    await page.getByTestId('ask-snooze').click();
    await page.getByTestId('promise').fill('I’ll be back tomorrow.');
    await page.getByTestId('dialog-send').click();
    await messages(page, 'agent').getByText('I’ll be back tomorrow.').waitFor();
    await focused(page, 'more');
  });

  it('is told of a conversation that a colleague passes on, and hears what the visitor writes next', async () => {
    const conversation = someone();
    const mikkel = await stage.agent('mikkel@havu.example');
    const page = await holding(conversation);
    await page.getByTestId('transfer').click();
    await page.getByTestId('dialog').getByText('Mikkel').click();
    await page.getByTestId('dialog-send').click();
    await mikkel.getByTestId('view-mine').click();
    await mikkel.locator('.item .unread').waitFor();
    stage.hub.visitorSays(conversation, 'Oletko siellä?', 'later');
    await expect.poll(() => mikkel.getByTestId('queue-item').innerText()).toContain('Oletko siellä?');
    await mikkel.getByTestId('queue-item').click();
    await mikkel.locator('.item .unread').waitFor({ state: 'detached' });
  });

  it('keeps a half sentence at the hub, for another desk too', async () => {
    const conversation = someone();
    const page = await holding(conversation);
    await page.getByTestId('reply').fill('puolikas');
    await expect.poll(() => stage.hub.kept.get(`/api/drafts/${conversation.id}`)?.text).toBe('puolikas');
    const other = await stage.agent();
    await other.getByTestId('view-mine').click();
    await other.getByTestId('queue-item').click();
    await expect.poll(() => other.getByTestId('reply').inputValue()).toBe('puolikas');
  });

  it('sees a colleague beside, and passes the conversation on with a word', async () => {
    const conversation = someone();
    const page = await holding(conversation);
    const mikkel = await stage.agent('mikkel@havu.example');
    await mikkel.getByTestId('view-others').click();
    await mikkel.getByTestId('queue-item').click();
    await expect.poll(() => page.getByTestId('company').innerText()).toContain('Mikkel');
    await expect.poll(() => mikkel.getByTestId('company').innerText()).toContain('Aino');
    await page.getByTestId('transfer').click();
    await assertAccessible(page, 'to whom');
    await page.getByTestId('dialog').getByText('Mikkel').click();
    await page.getByTestId('dialog-note').fill('speaks Danish');
    await page.getByTestId('dialog-send').click();
    await mikkel.getByTestId('reply').waitFor();
    await mikkel.locator('.line.transferred').getByText('speaks Danish').waitFor();
    expect(await page.getByTestId('resolve').count()).toBe(0);
  });

  it('takes a call that was promised, and says how it went', async () => {
    const conversation = someone();
    stage.hub.choices = [{ kind: 'callback', windows: [{ id: 'w', from: '2026-11-23T07:00:00Z', to: '2026-11-23T08:00:00Z' }] }];
    const page = await stage.agent();
    stage.hub.book(conversation, { phone: '+358401234567', name: 'Liisa', window: 'w' });
    await page.getByTestId('view-calls').click();
    await assertAccessible(page, 'calls');
    await page.getByTestId('call').click();
    await page.getByTestId('call-take').click();
    await page.getByTestId('call-done').click();
    await assertAccessible(page, 'how it went');
    await page.getByTestId('dialog-send').click();
    await page.getByTestId('call').waitFor({ state: 'detached' });
    expect(stage.hub.callbacks[0]).toMatchObject({ state: 'done', outcome: 'reached' });
  });

  it('finds what was said in any conversation', async () => {
    const conversation = someone('en', 'Where is my zebra?');
    const page = await stage.agent();
    await page.keyboard.press('Control+k');
    await focused(page, 'query');
    await page.keyboard.type('zebra');
    await page.keyboard.press('Enter');
    await page.getByTestId('found').click();
    await expect.poll(() => page.getByTestId('thread').getAttribute('data-conversation')).toBe(conversation.id);
    await assertAccessible(page, 'search');
  });

  it('leads a shift: sees who is there, steps in, approves, announces, is alarmed', async () => {
    const conversation = someone('en', 'Two charges');
    const mikkel = await stage.agent('mikkel@havu.example');
    await mikkel.getByTestId('queue-item').click();
    await mikkel.getByTestId('claim').click();
    await mikkel.getByTestId('more').click();
    await assertAccessible(mikkel, 'more actions');
    await mikkel.getByTestId('ask-approval').click();
    await assertAccessible(mikkel, 'asking for approval');
    await mikkel.getByTestId('dialog-note').fill('Refund both');
    await mikkel.getByTestId('dialog-send').click();
    const page = await stage.agent();
    await page.getByTestId('view-team').click();
    await expect.poll(() => page.getByTestId('colleague').count()).toBe(2);
    await page.getByTestId('underway').click();
    await page.getByTestId('approve').click();
    await mikkel.locator('[data-kind=approval]').nth(1).waitFor();
    await page.getByTestId('step-in').click();
    await page.getByTestId('reply').fill('I am here too');
    await page.getByTestId('send').click();
    await messages(mikkel, 'agent').getByText('I am here too').waitFor();
    stage.hub.alert({ id: 'x', kind: 'wait', conversation: conversation.id, text: 'A wait runs out' });
    await page.getByTestId('alert').waitFor();
    await assertAccessible(page, 'the shift');
    await page.getByTestId('announce').click();
    await assertAccessible(page, 'an announcement');
    for (const language of ['fi', 'da', 'en']) await page.locator(`#box-${language}`).fill(`text ${language}`);
    await page.getByTestId('dialog-send').click();
    await page.locator('.told li').waitFor();
  });

  it('is worked by single keys, which can be switched off', async () => {
    someone('en', 'one');
    someone('en', 'two');
    const page = await stage.agent();
    await page.getByTestId('queue-item').nth(1).waitFor();
    await page.keyboard.press('j');
    await page.getByTestId('claim').waitFor();
    await page.keyboard.press('?');
    await assertAccessible(page, 'the list of keys');
    await page.keyboard.press('Escape');
    await page.getByTestId('dialog').waitFor({ state: 'detached' });
    await page.getByTestId('settings').click();
    await page.getByTestId('set-keys').uncheck();
    await assertAccessible(page, 'own settings');
    await page.keyboard.press('Escape');
    await page.locator('h2').first().click();
    await page.keyboard.press('?');
    expect(await page.getByTestId('dialog').count()).toBe(0);
    await expect.poll(() => stage.hub.kept.get('/api/me/settings')).toMatchObject({ keys: false });
  });
});
