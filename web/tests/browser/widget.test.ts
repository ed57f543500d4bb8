import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import { assertAccessible, messages, say, Stage } from './stage';

describe.skipIf(!executable)('P7: the widget, which asks nothing of foreign hosts', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open();
  });
  afterEach(() => stage.assertClean());
  afterAll(() => stage.close());

  it('loads nothing but its loader and stores nothing before it is opened', async () => {
    const page = await stage.page();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${stage.hub.origin}/?lang=en`);
    await page.getByTestId('launcher').waitFor();
    expect(asked.filter((path) => path.includes('panel'))).toEqual([]);
    expect(await page.evaluate(() => sessionStorage.length + localStorage.length + document.cookie.length)).toBe(0);
    expect(await page.evaluate(() => Object.keys(window).filter((name) => /silta/i.test(name)))).toEqual(['Silta']);
    await page.context().close();
  });

  it('goes on after a lost line: nothing is lost and nothing doubled', async () => {
    const page = await stage.visitor('en');
    await say(page, 'Where is my order?');
    await expect.poll(() => messages(page, 'bot').count()).toBe(2);
    stage.hub.drop(1012);
    for (const text of ['one', 'two', 'three']) await say(page, text);
    await expect.poll(() => page.locator('[data-role=visitor][data-mark=stored]').count(), { timeout: 10_000 }).toBe(4);
    const texts = await messages(page, 'visitor').locator('.bubble').allInnerTexts();
    expect(texts.map((text) => text.trim())).toEqual(['Where is my order?', 'one', 'two', 'three']);
    await page.context().close();
  });

  it('keeps the conversation over a reload, with used quick replies used', async () => {
    const page = await stage.visitor('en');
    await page.getByTestId('quick-reply').first().click();
    await expect.poll(() => messages(page, 'bot').count()).toBe(2);
    expect(await page.getByTestId('quick-reply').count()).toBe(0);
    await page.reload();
    await messages(page, 'visitor').first().waitFor();
    await expect.poll(() => messages(page, 'bot').count()).toBe(2);
    expect(await page.getByTestId('quick-reply').count()).toBe(0);
    await page.context().close();
  });

  it('sends after a reload what could not be sent before it', async () => {
    const page = await stage.visitor('en');
    const blocked = `${stage.hub.origin.replace('http', 'ws')}/ws/visitor`;
    await page.routeWebSocket(blocked, (socket) => void socket.close({ code: 1013 }));
    stage.hub.drop(1012);
    await page.getByTestId('offline').waitFor();
    await say(page, 'written without a line');
    await assertAccessible(page, 'without a connection');
    const again = await page.context().newPage();
    await page
      .evaluate(() => sessionStorage.getItem('silta'))
      .then((memory) => again.addInitScript((text) => sessionStorage.setItem('silta', text ?? ''), memory));
    await page.close();
    await again.goto(`${stage.hub.origin}/?lang=en`);
    await again.locator('[data-role=visitor][data-mark=stored]').waitFor();
    expect(await messages(again, 'visitor').count()).toBe(1);
    await again.context().close();
  });

  it('begins anew when its token is no longer good, and sends what was meant to be sent', async () => {
    const page = await stage.visitor('en');
    await say(page, 'first life');
    await page.locator('[data-role=visitor][data-mark=stored]').waitFor();
    stage.hub.tokens.clear();
    stage.hub.drop(1012);
    await say(page, 'second life');
    await page.locator('[data-role=visitor][data-mark=stored]').getByText('second life').waitFor();
    expect(await page.getByText('first life').count()).toBe(0);
    await page.context().close();
  });

  it('marks what the hub refuses, and offers to send it again or to remove it', async () => {
    const page = await stage.visitor('en');
    await say(page, '/fail');
    await page.getByTestId('retry').waitFor();
    await assertAccessible(page, 'a message that was not sent');
    await page.locator('.meta.bad button').last().click();
    await expect.poll(() => messages(page, 'visitor').count()).toBe(0);
    await page.context().close();
  });

  it('sends what was one too many by itself, in its order, and says meanwhile that it waits', async () => {
    const page = await stage.visitor('en');
    for (const text of ['/many one', '/many two', 'three']) await say(page, text);
    await page.locator('[data-mark=waiting]').first().waitFor();
    await assertAccessible(page, 'a message that waits');
    await expect.poll(() => messages(page, 'visitor').count()).toBe(3);
    await page.locator('[data-role=visitor][data-mark=stored]').nth(2).waitFor();
    expect(await page.locator('[data-role=visitor] .bubble').allInnerTexts()).toEqual(['/many one', '/many two', 'three']);
    expect(await page.getByTestId('retry').count()).toBe(0);
    await page.context().close();
  });

  it('changes its language, and the hub is told', async () => {
    const page = await stage.visitor('fi');
    await page.getByTestId('menu').click();
    await assertAccessible(page, 'the menu');
    await page.getByTestId('language-da').check();
    await expect.poll(() => page.getByTestId('person').innerText()).toBe('Tal med et menneske');
    await expect.poll(() => [...stage.hub.conversations.values()].at(-1)?.language).toBe('da');
    await page.context().close();
  });

  it('shows what people write as text, whatever it looks like', async () => {
    const page = await stage.visitor('en');
    const agent = await stage.agent();
    const corpus = [
      '<img src=x onerror=alert(1)>',
      '<script>alert(1)</script>',
      '"><svg onload=alert(1)>',
      '<iframe srcdoc="<script>alert(1)</script>">',
      'javascript:alert(1)',
      '[x](javascript:alert(1))',
      '<a href="javascript:alert(1)">x</a>',
      '${alert(1)}',
      '{{constructor.constructor("alert(1)")()}}',
      '<style>*{display:none}</style>',
      '&lt;b&gt;',
      'https://havu.example/"onmouseover="alert(1)',
      '<math><mi xlink:href="data:x,<script>alert(1)</script>">',
    ];
    await page.getByTestId('person').click();
    for (const text of corpus) await say(page, text);
    await agent.getByTestId('queue-item').click();
    await expect.poll(() => messages(agent, 'visitor').count()).toBe(corpus.length);
    for (const where of [page, agent]) {
      const texts = await messages(where, 'visitor').locator('.bubble').allInnerTexts();
      expect(texts.map((text) => text.trim())).toEqual(corpus);
      expect(
        await where.locator('.bubble script, .bubble img, .bubble iframe, .bubble svg, .bubble style').count(),
      ).toBe(0);
      for (const link of await where.locator('.bubble a').all())
        expect(await link.getAttribute('href')).toMatch(/^https:\/\/havu\.example\//);
    }
    await agent.context().close();
    await page.context().close();
  });

  it('is worked by keyboard alone', async () => {
    const page = await stage.page();
    await page.goto(`${stage.hub.origin}/?lang=en`);
    await page.getByTestId('launcher').focus();
    await page.keyboard.press('Enter');
    await page.getByTestId('quick-reply').first().waitFor();
    const inner = (): Promise<string | null> =>
      page.evaluate(
        () => document.querySelector('silta-chat')?.shadowRoot?.activeElement?.getAttribute('data-testid') ?? null,
      );
    await expect.poll(inner).toBe('composer');
    await page.keyboard.type('line one');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('line two');
    await page.keyboard.press('Enter');
    await expect.poll(() => messages(page, 'visitor').locator('p').allInnerTexts()).toEqual(['line one\nline two']);
    await page.keyboard.press('Tab');
    await expect.poll(inner).toBe('person');
    await page.keyboard.press('Escape');
    await expect.poll(inner).toBe('launcher');
    expect(await page.getByTestId('panel').count()).toBe(0);
    await page.context().close();
  });

  it('does not send the Enter by which an input method takes a suggestion', async () => {
    const page = await stage.visitor('en');
    await page.getByTestId('composer').fill('にほん');
    await page.getByTestId('composer').dispatchEvent('keydown', { key: 'Enter', isComposing: true });
    await page.keyboard.press('a');
    expect(await messages(page, 'visitor').count()).toBe(0);
    await page.context().close();
  });

  it('keeps a text that is too long, and says so in words', async () => {
    const page = await stage.visitor('en');
    await page.getByTestId('composer').fill('x'.repeat(4_001));
    await page.getByText('4,001 of 4,000').waitFor();
    expect(await page.getByTestId('send').isDisabled()).toBe(true);
    await assertAccessible(page, 'a text that is too long');
    await page.context().close();
  });

  it('fills a phone, keeps the focus inside, and fits 320 pixels', async () => {
    for (const width of [390, 320]) {
      const page = await stage.visitor('fi', { phone: true, viewport: { width, height: 700 } });
      const box = await page.getByTestId('panel').boundingBox();
      expect(box).toMatchObject({ x: 0, y: 0, width, height: 700 });
      await say(page, 'pitkäsanainenyhdyssanakokonaisuusjokaeimahduriville'.repeat(3));
      await expect.poll(() => messages(page, 'bot').count()).toBe(2);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      const overflow = await page.locator('.log').evaluate((log) => log.scrollWidth - log.clientWidth);
      expect(overflow).toBe(0);
      await assertAccessible(page, `phone of ${width} pixels`);
      await page.context().close();
    }
  });

  it('counts what comes while it is closed', async () => {
    const page = await stage.visitor('en');
    await page.getByTestId('close').click();
    const conversation = [...stage.hub.conversations.values()].at(-1);
    if (!conversation) throw new Error('no conversation');
    stage.hub.say(conversation, 'bot', 'Are you still there?');
    await expect.poll(() => page.getByTestId('launcher').getAttribute('aria-label')).toContain('1 new message');
    await page.getByTestId('launcher').click();
    await page.getByTestId('close').click();
    expect(await page.getByTestId('launcher').getAttribute('aria-label')).not.toContain('new');
    await page.context().close();
  });

  it('counts nothing as new on the next page that was read on this one, and keeps what is not sent', async () => {
    const page = await stage.visitor('en');
    await say(page, 'Where is my order?');
    await expect.poll(() => messages(page, 'bot').count()).toBe(2);
    await page.getByTestId('composer').fill('And the oth');
    await page.getByTestId('close').click();
    await page.reload();
    const conversation = [...stage.hub.conversations.values()].at(-1);
    if (!conversation) throw new Error('no conversation');
    const label = page.getByTestId('launcher');
    stage.hub.say(conversation, 'bot', 'Are you still there?');
    await expect.poll(() => label.getAttribute('aria-label')).toContain('1 new message');
    await label.click();
    expect(await page.getByTestId('composer').inputValue()).toBe('And the oth');
    await page.context().close();
  });

  it('keeps the focus inside when the button that had it is gone', async () => {
    const page = await stage.visitor('en');
    const inner = (): Promise<string | null> =>
      page.evaluate(
        () => document.querySelector('silta-chat')?.shadowRoot?.activeElement?.getAttribute('data-testid') ?? null,
      );
    const press = async (name: string): Promise<void> => {
      await page.getByTestId(name).focus();
      await page.keyboard.press('Enter');
    };
    await press('person');
    await page.getByTestId('cancel').waitFor();
    await expect.poll(inner).toBe('composer');
    await press('cancel');
    await page.getByTestId('person').waitFor();
    await expect.poll(inner).toBe('composer');
    await press('menu');
    await press('mail');
    await page.getByTestId('mail-form').waitFor();
    await expect.poll(inner).toBe('to');
    await page.locator('[data-testid=mail-form] .plain').focus();
    await page.keyboard.press('Enter');
    await expect.poll(inner).toBe('menu');
    await press('menu');
    await press('end');
    await page.getByTestId('rating').waitFor();
    await expect.poll(inner).toBe('menu');
    await page.locator('.rating .plain').focus();
    await page.keyboard.press('Enter');
    await expect.poll(inner).toBe('composer');
    await page.context().close();
  });

  it('stays polite when the hub cannot do something yet', async () => {
    const page = await stage.visitor('en');
    stage.hub.refuse.add('rating');
    await page.getByTestId('menu').click();
    await page.getByTestId('end').click();
    await page.getByTestId('rating').waitFor();
    await page.getByRole('radio').nth(2).check({ force: true });
    await page.locator('.rating .firm').click();
    await expect.poll(() => page.getByTestId('rating').count()).toBe(0);
    await page.getByRole('alert').waitFor();
    stage.hub.refuse.clear();
    await page.context().close();
  });

  it('shows the newest message of a long history, and stays quick', async () => {
    const page = await stage.visitor('en');
    const conversation = [...stage.hub.conversations.values()].at(-1);
    if (!conversation) throw new Error('no conversation');
    await say(page, 'begin');
    await expect.poll(() => messages(page, 'bot').count()).toBe(2);
    for (let n = 1; n <= 2_000; n++) {
      conversation.events.push({
        seq: conversation.events.length + 1,
        kind: 'message',
        text: `line ${n}`,
        author: { role: n % 3 ? 'bot' : 'visitor' },
      });
    }
    await page.reload();
    const start = Date.now();
    await page.getByText('line 2000', { exact: true }).waitFor();
    expect(Date.now() - start).toBeLessThan(4_000);
    expect(await page.getByTestId('message').count()).toBeLessThan(200);
    const log = page.getByRole('log');
    const button = page.getByRole('button', { name: 'Show earlier messages' });
    await button.scrollIntoViewIfNeeded();
    const oldest = /line \d+/.exec(await page.getByTestId('message').first().innerText())?.[0] ?? '';
    const seen = page.getByText(oldest, { exact: true });
    const top = async (): Promise<number> => (await seen.boundingBox())?.y ?? NaN;
    const before = await top();
    await button.click();
    await expect.poll(() => page.getByTestId('message').count()).toBeGreaterThan(200);
    // What was in sight stays there, is read out to nobody, and the focus goes on from it.
    expect(await log.getAttribute('aria-live')).toBe('off');
    expect(Math.abs((await top()) - before)).toBeLessThan(4);
    expect(await log.evaluate((element) => element.matches(':focus'))).toBe(true);
    await expect.poll(() => log.getAttribute('aria-live')).toBe('polite');
    await page.context().close();
  });

  it('works on a foreign site with a strict policy of its own', async () => {
    const { origin, port } = stage.hub;
    const policy = `default-src 'none'; script-src ${origin}; connect-src ws://127.0.0.1:${port}; require-trusted-types-for 'script'; trusted-types silta lit-html`;
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy });
      response.end(
        `<!doctype html><html lang="da"><title>Shop</title><body><h1>Shop</h1><script src="${origin}/widget.js" defer></script>`,
      );
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const page = await stage.page();
    const blocked: string[] = [];
    page.on('console', (message) => message.type() === 'error' && blocked.push(message.text()));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.getByTestId('launcher').click();
    await page.getByTestId('quick-reply').first().waitFor();
    expect(await page.getByTestId('person').innerText()).toBe('Tal med et menneske');
    // What comes later comes under the same policy.
    await page.getByTestId('menu').click();
    await page.getByTestId('end').click();
    await page.getByTestId('rating').waitFor();
    await page.getByTestId('menu').click();
    await page.getByTestId('mail').click();
    await page.getByTestId('mail-form').waitFor();
    await page.getByTestId('menu').click();
    await page.getByTestId('erase').click();
    await page.getByTestId('erase-yes').click();
    await page.getByRole('alert').waitFor();
    expect(blocked.filter((text) => !text.includes('favicon'))).toEqual([]);
    await page.context().close();
    server.closeAllConnections();
    server.close();
  });
});
