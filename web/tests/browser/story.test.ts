import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import { assertAccessible, messages, say, Stage } from './stage';

const STORY = {
  fi: {
    locale: 'fi-FI',
    email: 'aino@havu.example',
    name: 'Aino',
    ask: 'Miten palautan huovan?',
    answer: 'Palautusaikaa',
    need: 'Minulta veloitettiin kahteen kertaan',
    reply: 'Hei! Katson heti.',
    claim: 'Ota keskustelu',
  },
  da: {
    locale: 'da-DK',
    email: 'mikkel@havu.example',
    name: 'Mikkel',
    ask: 'Hvordan returnerer jeg en plaid?',
    answer: 'returret',
    need: 'Jeg er trukket to gange',
    reply: 'Hej! Jeg kigger på det.',
    claim: 'Tag samtalen',
  },
  en: {
    locale: 'en-GB',
    email: 'aino@havu.example',
    name: 'Aino',
    ask: 'How do I return a blanket?',
    answer: 'You have 30 days',
    need: 'I was charged twice',
    reply: 'Hello! Looking now.',
    claim: 'Take the conversation',
  },
} as const;

describe.skipIf(!executable)('a visitor and an agent', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
  });

  describe.each(['fi', 'da', 'en'] as const)('in %s', (language) => {
    const words = STORY[language];

    it('meet: the bot answers, a person takes over with the whole history, and all ends well', async () => {
      const agent = await stage.agent(words.email, { locale: words.locale });
      await assertAccessible(agent, 'empty console');
      const visitor = await stage.visitor(language, { locale: words.locale });
      await assertAccessible(visitor, 'panel with quick replies');

      await say(visitor, words.ask);
      await messages(visitor, 'bot').getByText(words.answer).first().waitFor();
      await say(visitor, words.need);
      await visitor.getByTestId('cancel').waitFor();
      expect(await visitor.getByTestId('status').getAttribute('data-status')).toBe('queued');
      await assertAccessible(visitor, 'waiting');

      await agent.getByTestId('queue-item').click();
      expect(await agent.getByTestId('claim').innerText()).toBe(words.claim);
      await messages(agent, 'bot').first().waitFor();
      expect(await messages(agent, 'visitor').allInnerTexts()).toHaveLength(2);
      expect(await agent.getByTestId('nlu').count()).toBe(2);
      expect(await agent.getByTestId('reasons').locator('mark').count()).toBe(1);
      expect(await messages(agent, 'visitor').last().locator('mark').count()).toBe(1);
      await assertAccessible(agent, 'a conversation before it is taken');

      await agent.getByTestId('claim').click();
      await visitor.locator('[data-kind=assigned]').getByText(words.name).waitFor();
      await agent.getByTestId('reply').fill(words.reply);
      await visitor.getByTestId('typing').waitFor();
      await agent.keyboard.press('Control+Enter');
      await messages(visitor, 'agent').getByText(words.reply).waitFor();
      await agent.getByTestId('mode-note').click();
      await agent.getByTestId('reply').fill('memo');
      await agent.getByTestId('send').click();
      await messages(agent, 'note').waitFor();
      await agent.getByTestId('mode-message').click();
      await visitor.getByTestId('composer').pressSequentially('ok');
      await agent.locator('.typing.on').waitFor();
      await assertAccessible(agent, 'answering');
      await visitor.keyboard.press('Enter');
      await messages(agent, 'visitor').getByText('ok', { exact: true }).waitFor();
      expect(await visitor.getByText('memo').count()).toBe(0);
      await assertAccessible(visitor, 'with a person');

      await agent.getByTestId('resolve').click();
      await visitor.getByTestId('rating').waitFor();
      await assertAccessible(visitor, 'asked for a rating');
      await visitor.getByRole('radio').nth(4).check({ force: true });
      await visitor.locator('.rating .firm').click();
      await visitor.locator('[data-kind=rating]').waitFor();
      await say(visitor, words.ask);
      await expect.poll(() => messages(visitor, 'bot').count()).toBeGreaterThan(2);
    });
  });

  it('part: the conversation returns to the bot, which does not answer old messages', async () => {
    const agent = await stage.agent();
    const visitor = await stage.visitor('en');
    await visitor.getByTestId('person').click();
    await agent.getByTestId('queue-item').click();
    await agent.getByTestId('claim').click();
    await visitor.locator('[data-kind=assigned]').waitFor();
    await say(visitor, 'Where is my order?');
    await agent.getByTestId('return-to-bot').click();
    await visitor.locator('[data-kind=returned_to_bot]').waitFor();
    expect(await visitor.getByTestId('typing').count()).toBe(0);
    expect(await agent.getByTestId('reply').count()).toBe(0);
    await say(visitor, 'How do I return this?');
    await visitor.getByText('You have 30 days').waitFor();
  });

  it('race: of two agents one wins, and the other is told who', async () => {
    const visitor = await stage.visitor('en');
    await visitor.getByTestId('person').click();
    const aino = await stage.agent('aino@havu.example', { locale: 'en-GB' });
    const mikkel = await stage.agent('mikkel@havu.example', { locale: 'en-GB' });
    for (const page of [aino, mikkel]) {
      await page.getByTestId('queue-item').click();
      await page.getByTestId('claim').waitFor();
    }
    // At the same moment: a click that first waits for the page to rest would come after the other's claim was told.
    await Promise.all([aino, mikkel].map((page) => page.getByTestId('claim').evaluate((button: HTMLElement) => button.click())));
    await expect
      .poll(async () => (await aino.getByTestId('toast').count()) + (await mikkel.getByTestId('toast').count()))
      .toBe(1);
    const loser = (await aino.getByTestId('toast').count()) ? aino : mikkel;
    const winner = loser === aino ? 'Mikkel' : 'Aino';
    expect(await loser.getByTestId('toast').innerText()).toContain(`${winner} took it first.`);
    await expect.poll(() => loser.getByTestId('standing').innerText()).toContain(`With ${winner}`);
  });

  it('leave: the visitor leaves the queue by themselves', async () => {
    const visitor = await stage.visitor('en');
    await visitor.getByTestId('person').click();
    await visitor.getByTestId('cancel').click();
    await visitor.getByTestId('person').waitFor();
    expect(await visitor.getByTestId('status').getAttribute('data-status')).toBe('bot');
  });
});
