import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable } from '../../dev/browser.mjs';
import { messages, Stage } from './stage';

/** Figures of the last run, for the README; the path is asked for by whoever wants them. */
const figures: Record<string, number> = {};

interface TraceEvent {
  name: string;
  ph: string;
  ts: number;
  dur?: number;
  /** The same in the thread's own time: what other processes took meanwhile is not in it. */
  tdur?: number;
  tid: number;
  pid: number;
  args?: { name?: string };
}

describe.skipIf(!executable)('a busy day', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(async () => {
    await stage.close();
    stage.assertClean();
    if (process.env['SILTA_FIGURES']) writeFileSync(process.env['SILTA_FIGURES'], JSON.stringify(figures, null, 1));
  });

  it('opens a history of 2,000 messages within a second, on both sides, with few elements and little memory', async () => {
    const page = await stage.visitor('en');
    const [conversation] = stage.hub.conversations.values();
    if (!conversation) throw new Error('no conversation');
    for (let n = 0; n < 2_000; n++) {
      conversation.events.push({
        seq: conversation.events.length + 1,
        kind: 'message',
        author: { role: n % 2 ? 'bot' : 'visitor' },
        text: `Message ${n}, as long as people write on a usual day, with a second clause.`,
      });
    }
    await page.reload();
    const widgetMs = await page.evaluate(async () => {
      const start = performance.now();
      const root = document.querySelector('silta-chat')?.shadowRoot;
      while (!root?.textContent?.includes('Message 1999')) await new Promise(requestAnimationFrame);
      return performance.now() - start;
    });
    figures['widget_open_2000_ms'] = Math.round(widgetMs);
    expect(widgetMs).toBeLessThan(1_000);
    expect(await messages(page, 'bot').count()).toBeLessThan(100);
    await page.context().close();

    stage.hub.handoff(conversation, [{ code: 'asked' }]);
    const agent = await stage.agent();
    const consoleMs = await agent.evaluate(async () => {
      const start = performance.now();
      document.querySelector<HTMLElement>('[data-testid=queue-item]')?.click();
      while (!document.querySelector('.thread .log')?.textContent?.includes('Message 1999')) {
        await new Promise(requestAnimationFrame);
      }
      return performance.now() - start;
    });
    figures['console_open_2000_ms'] = Math.round(consoleMs);
    expect(consoleMs).toBeLessThan(1_000);
    const elements = await agent.evaluate(() => document.querySelectorAll('*').length);
    const heap = await agent.evaluate(() => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize);
    figures['console_elements'] = elements;
    figures['console_heap_mb'] = Math.round(heap / 1e6);
    expect(elements).toBeLessThan(6_000);
    expect(heap).toBeLessThan(60e6);
  });

  it('draws no frame over 100 ms with 500 who wait and 50 messages a second', async () => {
    for (let n = 0; n < 500; n++) {
      const conversation = stage.hub.make((['fi', 'da', 'en'] as const)[n % 3]);
      conversation.waitingSince = new Date(Date.now() - n * 1_000).toISOString();
      conversation.status = 'queued';
    }
    const page = await stage.agent();
    await expect.poll(() => page.getByTestId('queue-item').count()).toBeGreaterThan(499);
    const all = [...stage.hub.conversations.values()];
    await page.locator(`[data-conversation="${all[499]?.id}"]`).click();
    await page.getByTestId('claim').click();
    await page.getByTestId('reply').waitFor();
    await page.getByTestId('view-queue').click();
    const own = all[499];
    await stage.browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', '__metadata'] });
    const seconds = 8;
    for (let n = 0; n < seconds * 50; n++) {
      const target = n % 5 === 0 && own ? own : all[n % 499];
      if (target) stage.hub.say(target, 'visitor', `message ${n}`);
      await new Promise((done) => setTimeout(done, 20));
    }
    const trace = JSON.parse((await stage.browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
    await messages(page, 'visitor').getByText(`message ${seconds * 50 - 5}`, { exact: true }).waitFor();
    const mains = new Set(
      trace.traceEvents
        .filter((event) => event.name === 'thread_name' && event.args?.name === 'CrRendererMain')
        .map((event) => `${event.pid} ${event.tid}`),
    );
    const tasks = trace.traceEvents
      .filter((event) => /RunTask$/.test(event.name) && event.dur && mains.has(`${event.pid} ${event.tid}`))
      .map((event) => ({ wall: (event.dur ?? 0) / 1_000, own: (event.tdur ?? event.dur ?? 0) / 1_000 }))
      .sort((a, b) => b.own - a.own);
    const walls = tasks.map((task) => task.wall).sort((a, b) => b - a);
    expect(tasks.length).toBeGreaterThan(100);
    figures['console_longest_task_ms'] = Math.round(walls[0] ?? 0);
    figures['console_longest_task_own_ms'] = Math.round(tasks[0]?.own ?? 0);
    figures['console_tasks_over_50_ms'] = walls.filter((ms) => ms > 50).length;
    // By the thread's own time: on a busy machine a task waits for others, which no page can help.
    expect(tasks[0]?.own).toBeLessThan(100);
  });
});
