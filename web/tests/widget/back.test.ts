import { afterEach, describe, expect, it, vi } from 'vitest';
import { closePage, openPage, type Page } from './page';

vi.mock('lit/html.js', async (original) => ({ ...(await original<object>()), render: () => undefined }));

afterEach(closePage);

/** A phone's page, its second step, with a state of its own; the panel open on it, and what the page's listener hears. */
async function phone(): Promise<{ page: Page; heard: unknown[] }> {
  const heard: unknown[] = [];
  const page = await openPage({
    phone: true,
    before: ({ window, history }) => {
      history.pushState({ route: 'shop' }, '', 'http://shop/lamps');
      window.addEventListener('popstate', (event) => heard.push((event as { state: unknown }).state));
    },
  });
  page.widget.open();
  await page.welcome();
  return { page, heard };
}

const isOpen = (page: Page): boolean => page.widget.ui.state.open;
const closings = (page: Page): number => page.told.filter(([occasion]) => occasion === 'close').length;

describe('the Back button of a phone', () => {
  it('closes the panel and stays on the page, which hears nothing of it', async () => {
    const { page, heard } = await phone();
    expect(page.history.state).toEqual({ route: 'shop', silta: true });
    page.history.back();
    await page.pass();
    expect(isOpen(page)).toBe(false);
    expect(page.history.state).toEqual({ route: 'shop' });
    expect(page.history.at).toBe(1);
    expect(heard).toEqual([]);
    expect(closings(page)).toBe(1);
    // What is the page's own it hears as ever.
    page.history.back();
    await page.pass();
    page.history.go(1);
    await page.pass();
    expect(heard).toEqual([null, { route: 'shop' }]);
  });

  it('does not close what was opened again at once', async () => {
    const { page } = await phone();
    page.widget.dismiss();
    await page.pass();
    page.widget.open();
    await page.pass(1_000);
    expect(isOpen(page)).toBe(true);
  });

  it('undoes nothing that the page wrote into our entry', async () => {
    for (const [state, href] of [
      [{ route: 'shop', silta: true }, 'http://shop/lamps?colour=red'],
      [{ route: 'shop', scroll: 300 }, 'http://shop/lamps'],
    ] as const) {
      const { page } = await phone();
      page.history.replaceState(state, '', href);
      page.widget.dismiss();
      expect(isOpen(page)).toBe(false);
      await page.pass(1_000);
      expect([page.history.state, page.history.href]).toEqual([state, href]);
    }
  });

  it('leaves the page once the panel is closed, however that was done and often', async () => {
    const { page, heard } = await phone();
    for (let round = 0; round < 3; round++) {
      page.widget.dismiss();
      page.widget.dismiss(); // an impatient finger
      await page.pass(1_000);
      expect(isOpen(page)).toBe(false);
      expect(page.history.at).toBe(1);
      expect(page.history.length).toBe(3);
      page.widget.open();
      expect(page.history.at).toBe(2);
    }
    expect(heard).toEqual([]);
    expect(closings(page)).toBe(3);
  });

  it('is not touched before the panel is opened, nor where it does not cover the page', async () => {
    const page = await openPage({ state: 'own' });
    page.widget.open();
    await page.welcome();
    page.widget.dismiss();
    await page.pass(1_000);
    expect(page.history.entries).toEqual([{ state: 'own', href: 'http://shop/' }]);
    const closed = await openPage({ phone: true });
    await closed.pass();
    expect(closed.history.length).toBe(1);
  });

  it('finds its entry again after a reload, and makes no second one', async () => {
    const page = await openPage({ phone: true, state: { silta: true } });
    page.history.entries.unshift({ state: null, href: 'http://shop/' });
    page.history.at = 1;
    page.widget.open();
    expect(page.history.length).toBe(2);
    page.history.back();
    await page.pass();
    expect(isOpen(page)).toBe(false);
  });

  it('undoes no step of the page: what it pushed over our entry stays', async () => {
    const { page, heard } = await phone();
    page.history.pushState({ route: 'cart' }, '', 'http://shop/cart');
    page.widget.dismiss();
    await page.pass(1_000);
    expect(isOpen(page)).toBe(false);
    expect(page.history.href).toBe('http://shop/cart');
    page.history.back();
    await page.pass();
    expect(heard).toEqual([{ route: 'shop', silta: true }]); // the page's own state, at its own address
  });

  it('goes through the page’s steps first, and then closes the panel', async () => {
    const { page, heard } = await phone();
    page.history.pushState({ route: 'cart' }, '', 'http://shop/cart');
    page.history.back();
    await page.pass();
    expect(isOpen(page)).toBe(true);
    expect(heard).toHaveLength(1);
    page.history.back();
    await page.pass();
    expect(isOpen(page)).toBe(false);
    expect(heard).toHaveLength(1);
    expect(page.history.at).toBe(1);
  });

  it('tells the page what jumps over our entry', async () => {
    const { page, heard } = await phone();
    page.history.pushState({ route: 'cart' }, '', 'http://shop/cart');
    page.history.go(-2);
    await page.pass();
    expect(heard).toEqual([{ route: 'shop' }]);
  });

  it('is no obstacle where the step goes elsewhere: the panel closes all the same, once', async () => {
    const { page } = await phone();
    page.history.unanswered = true;
    page.widget.dismiss();
    await page.pass(1_000);
    expect(isOpen(page)).toBe(false);
    page.history.unanswered = false;
    page.widget.open();
    await page.pass(1_000);
    expect(isOpen(page)).toBe(true);
    expect(page.history.length).toBe(3);
    page.history.back();
    await page.pass();
    expect(isOpen(page)).toBe(false);
  });

  it('is left alone when the page closes the panel, which may be about to go somewhere', async () => {
    const { page } = await phone();
    page.widget.close();
    expect(isOpen(page)).toBe(false);
    await page.pass(1_000);
    expect(page.history.at).toBe(2);
    page.widget.open();
    expect(page.history.length).toBe(3);
  });

  it('is pushed past what the page has put around pushState', async () => {
    const page = await openPage({ phone: true });
    const counted = vi.fn();
    Object.assign(page.history, { pushState: counted });
    page.widget.open();
    expect(counted).not.toHaveBeenCalled();
    expect(page.history.length).toBe(2);
  });

  it('stays the page’s where the browser takes no more entries', async () => {
    const page = await openPage({ phone: true });
    page.history.full = true;
    page.widget.open();
    expect(isOpen(page)).toBe(true);
    page.widget.dismiss();
    expect(isOpen(page)).toBe(false);
  });
});
