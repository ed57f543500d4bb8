import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import { PAYLOADS } from './payloads';
import { messages, Stage } from './stage';

/** Elements that no text may ever become, and addresses that no link may ever have; looked for in shadow roots, too. */
async function intruders(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const roots: (Document | ShadowRoot)[] = [document];
    const chat = document.querySelector('silta-chat')?.shadowRoot;
    if (chat) roots.push(chat);
    return roots.flatMap((root) => {
      const places = root.querySelectorAll('.log, .list, .details, .popup, .urgent, .panel, .bar');
      return [...places].flatMap((place) =>
        [...place.querySelectorAll('*')]
          .filter(
            (one) =>
              /^(script|iframe|object|embed|img|video|audio|link|meta|base|style|marquee|template)$/i.test(one.tagName) ||
              [...one.attributes].some(({ name }) => name.startsWith('on') || name === 'srcdoc' || name === 'formaction') ||
              (one instanceof HTMLAnchorElement && !/^(https?|mailto|tel):/.test(one.href)),
          )
          .map((one) => one.outerHTML.slice(0, 200)),
      );
    });
  });
}

describe.skipIf(!executable)('S9: two hundred texts that try to become code', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open();
  });
  afterAll(() => stage.close());

  it('are text for the visitor and for the agent, wherever they come from', async () => {
    expect(new Set(PAYLOADS).size).toBe(200);
    const page = await stage.visitor('en');
    const [conversation] = stage.hub.conversations.values();
    if (!conversation) throw new Error('no conversation');
    conversation.name = PAYLOADS[1] ?? null;
    for (const [index, text] of PAYLOADS.entries()) {
      const more = { author: { name: text }, buttons: index % 20 ? undefined : [{ title: text, id: String(index) }] };
      // Every name of a file, too; as a picture it would be the pages' own element.
      const attachments = [{ id: `f${index}`, name: text, type: 'application/pdf', size: 9, url: `/api/files/c/${index}` }];
      stage.hub.say(conversation, ['visitor', 'bot', 'agent', 'system'][index % 4] as string, text, { ...more, attachments });
    }
    stage.hub.announce({ id: 'a', text: PAYLOADS[5] as string });
    stage.hub.handoff(
      conversation,
      PAYLOADS.slice(0, 40).map((text) => ({ code: text, topic: text, explanation: text, evidence: [text], of: 3 })),
    );
    Object.assign(conversation, { summary: PAYLOADS[0], entities: { [PAYLOADS[2] as string]: PAYLOADS[3] } });
    stage.hub.choices = [{ kind: 'email', by: PAYLOADS[4] as string }];
    stage.hub.book(conversation, { email: PAYLOADS[9], name: PAYLOADS[1] });
    // A file that waits to be sent; a name on a disk has no slash.
    for (const name of PAYLOADS.slice(0, 40)) {
      const file = { name: name.replaceAll('/', ':').slice(0, 80), mimeType: 'text/plain', buffer: Buffer.from('x') };
      await page.getByTestId('attach').setInputFiles([file]);
      const one = page.locator('.waiting .bad');
      await one.waitFor();
      expect(await intruders(page)).toEqual([]);
      await one.locator('button').click();
    }
    await page.locator('.log .quiet').click();
    await expect.poll(() => messages(page, 'bot').count()).toBeGreaterThan(40);
    expect(await intruders(page)).toEqual([]);

    stage.hub.canned = [{ key: 'x', title: { en: PAYLOADS[0] }, text: { en: PAYLOADS[1], fi: PAYLOADS[1] } }];
    const agent = await stage.agent('aino@havu.example', { locale: 'en-GB' });
    stage.hub.offer(conversation);
    stage.hub.alert({ id: 'x', kind: PAYLOADS[2], text: PAYLOADS[3] });
    await agent.getByTestId('offer').waitFor();
    expect(await intruders(agent)).toEqual([]);
    await agent.getByTestId('accept').click();
    await agent.getByTestId('unfold').click();
    await expect.poll(() => messages(agent, 'visitor').count()).toBeGreaterThan(45);
    await agent.getByTestId('reply').fill('/');
    await agent.getByTestId('replies').waitFor();
    expect(await intruders(agent)).toEqual([]);
    // The page's address is whatever a visitor's browser claims.
    for (const claimed of [...PAYLOADS.filter((_, index) => index % 7 === 0), 'javascript:alert(1)//https://a.example']) {
      conversation.page = claimed;
      await agent.locator(`[data-conversation="${conversation.id}"]`).first().click();
      await expect.poll(() => agent.getByTestId('details').textContent()).toContain(claimed);
      expect(await intruders(agent)).toEqual([]);
    }
    await agent.getByTestId('view-calls').click();
    await agent.getByTestId('call').waitFor();
    await agent.getByTestId('view-find').click();
    await agent.getByTestId('query').fill('script');
    await agent.keyboard.press('Enter');
    await agent.getByTestId('found').first().waitFor();
    expect(await intruders(agent)).toEqual([]);
    for (const link of await agent.locator('.log a').all()) {
      expect(await link.getAttribute('rel')).toContain('noopener');
    }
    // 0 dialogs, 0 foreign requests, 0 reports of the content policy.
    stage.assertClean();
  });
});
