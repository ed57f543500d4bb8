/** A hub, a visitor's page and an agent's page; and what must hold on each of them. */
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { launch } from '../../dev/browser.mjs';
import { Hub } from '../../dev/hub.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

interface Violation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

export class Stage {
  readonly faults: string[] = [];

  private constructor(
    readonly hub: Hub,
    readonly browser: Browser,
  ) {}

  static async open(): Promise<Stage> {
    return new Stage(await new Hub({ botDelay: 60 }).listen(), await launch());
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.hub.close();
  }

  async page(options: BrowserContextOptions & { phone?: boolean } = {}): Promise<Page> {
    const { phone, ...more } = options;
    const context = await this.browser.newContext({
      reducedMotion: 'reduce',
      bypassCSP: false,
      ...(phone ? PHONE : {}),
      ...more,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(8_000);
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('dialog', (dialog) => {
      this.faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (hostname !== '127.0.0.1' && protocol !== 'data:') this.faults.push(`foreign request: ${request.url()}`);
    });
    return page;
  }

  /** A visitor with the panel open and the bot's greeting in it. */
  async visitor(language: string, options: Parameters<Stage['page']>[0] = {}): Promise<Page> {
    const page = await this.page(options);
    await page.goto(`${this.hub.origin}/?lang=${language}`);
    await page.getByTestId('launcher').click();
    await page.getByTestId('quick-reply').first().waitFor();
    return page;
  }

  /** An agent, signed in. */
  async agent(email = 'aino@havu.example', options: Parameters<Stage['page']>[0] = {}): Promise<Page> {
    const page = await this.page(options);
    await page.goto(`${this.hub.origin}/console`);
    await page.getByTestId('email').fill(email);
    await page.getByTestId('password').fill('silta-demo');
    await page.getByTestId('sign-in').click();
    await page.getByTestId('desk').waitFor();
    return page;
  }

  /** No error, no dialog, no foreign request, nothing that the content policy had to stop. */
  assertClean(): void {
    expect(this.faults).toEqual([]);
    expect(this.hub.cspReports).toEqual([]);
  }
}

export async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId('composer').fill(text);
  await page.getByTestId('send').click();
}

/** Messages of a role in the order in which they stand. */
export function messages(page: Page, role: string): Locator {
  return page.locator(`[data-testid=message][data-role=${role}]`);
}

/** axe finds nothing at all, not even something small. */
export async function assertAccessible(page: Page, state: string): Promise<void> {
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))),
  );
  // Through the debugger, not through a tag: the pages' content policy stays as strict as it is.
  const source = (await import('node:fs')).readFileSync(AXE, 'utf8');
  await page.evaluate(source);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } };
    return (await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
      .violations;
  });
  const told = found.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((n) => `   ${n.html}\n   ${n.failureSummary ?? ''}`).join('\n')}`,
  );
  expect(told, state).toEqual([]);
}
