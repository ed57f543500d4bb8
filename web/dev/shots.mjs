/** `npm run shots`: pictures of each main state in var/screenshots, in three languages, light and dark, desk and phone. */
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './browser.mjs';
import { Hub } from './hub.mjs';

const OUT = resolve(dirname(fileURLToPath(import.meta.url)), '../../var/screenshots');
mkdirSync(OUT, { recursive: true });

const WORDS = {
  fi: {
    locale: 'fi-FI',
    ask: ['Miten palautan huovan?', 'hmm jokin juttu', 'Missä tilaukseni on?'],
    need: 'Minulta veloitettiin sama tilaus 102938 kahteen kertaan!',
    answer: 'Hei! Näen molemmat veloitukset. Palautan toisen nyt, ja raha on tililläsi viimeistään perjantaina.',
    note: 'Tuplaveloitus varmistettu maksupalvelusta.',
    thanks: 'Kiitos paljon',
    name: 'Aino',
    email: 'aino@havu.example',
  },
  da: {
    locale: 'da-DK',
    ask: ['Hvordan returnerer jeg en plaid?', 'hm noget andet', 'Hvor er min ordre?'],
    need: 'Jeg er blevet trukket to gange for ordre 102938!',
    answer: 'Hej! Jeg kan se begge beløb. Jeg tilbagefører det ene nu, og pengene er hos dig senest fredag.',
    note: 'Dobbelt træk bekræftet hos betalingsudbyderen.',
    thanks: 'Mange tak',
    name: 'Mikkel',
    email: 'mikkel@havu.example',
  },
  en: {
    locale: 'en-GB',
    ask: ['How do I return a blanket?', 'hm something else', 'Where is my order?'],
    need: 'I was charged twice for order 102938!',
    answer: 'Hello! I can see both charges. I’m refunding one now, and you’ll have the money by Friday.',
    note: 'Double charge confirmed with the payment provider.',
    thanks: 'Thank you so much',
    name: 'Aino',
    email: 'aino@havu.example',
  },
};

/** A picture to send: a lamp on a table, drawn by the browser. */
async function drawn() {
  const page = await browser.newPage({ viewport: { width: 320, height: 220 } });
  await page.setContent(
    '<body style="margin:0;background:#e9e2d4"><svg width="320" height="220"><rect y="150" width="320" height="70" fill="#8a6b4b"/><path d="M120 40h80l26 60H94z" fill="#d8b46a"/><rect x="154" y="100" width="12" height="46" fill="#4c3b2a"/><ellipse cx="160" cy="150" rx="42" ry="9" fill="#4c3b2a"/></svg>',
  );
  const png = await page.screenshot();
  await page.close();
  return png;
}

const browser = await launch();
const PICTURE = await drawn();

async function story(language, { scheme, phone }) {
  const words = WORDS[language];
  const tag = `${language}-${phone ? 'phone' : 'desk'}-${scheme}`;
  const hub = await new Hub({ botDelay: 120 }).listen();
  const look = { colorScheme: scheme, locale: words.locale, reducedMotion: 'reduce' };
  const small = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
  const visitor = await (
    await browser.newContext({ ...look, ...(phone ? small : { viewport: { width: 1280, height: 860 } }) })
  ).newPage();
  const agent = await (
    await browser.newContext({ ...look, ...(phone ? small : { viewport: { width: 1440, height: 900 } }) })
  ).newPage();
  const shot = async (page, name) => {
    await page.waitForTimeout(250);
    await page.screenshot({ path: `${OUT}/${name}-${tag}.png` });
  };
  for (const page of [visitor, agent]) page.on('pageerror', (error) => console.log(tag, error));

  await agent.goto(`${hub.origin}/console`);
  await agent.getByTestId('email').waitFor();
  await shot(agent, 'console-1-sign-in');
  await agent.getByTestId('email').fill(words.email);
  await agent.getByTestId('password').fill('silta-demo');
  await agent.getByTestId('sign-in').click();
  await agent.getByTestId('desk').waitFor();
  await shot(agent, 'console-2-empty');

  await visitor.goto(`${hub.origin}/?lang=${language}`);
  await visitor.getByTestId('launcher').waitFor();
  await shot(visitor, 'shop-1');
  if (!phone) await visitor.screenshot({ path: `${OUT}/shop-whole-${tag}.png`, fullPage: true });
  await visitor.getByTestId('launcher').click();
  await visitor.getByTestId('quick-reply').first().waitFor();
  await shot(visitor, 'widget-1-greeting');
  const say = async (text) => {
    const before = await visitor.getByTestId('message').count();
    await visitor.getByTestId('composer').fill(text);
    await visitor.getByTestId('send').click();
    await visitor.waitForFunction(
      (n) => document.querySelector('silta-chat').shadowRoot.querySelectorAll('[data-testid=message]').length >= n + 2,
      before,
    );
  };
  for (const text of words.ask) await say(text);
  await shot(visitor, 'widget-2-answers');
  await visitor.getByTestId('menu').click();
  await shot(visitor, 'widget-3-menu');
  await visitor.keyboard.press('Escape');
  await say(words.need);
  await visitor.getByTestId('cancel').waitFor();
  await shot(visitor, 'widget-4-queued');

  hub.choices = [
    { kind: 'callback', windows: [{ id: 'w', from: '2026-11-23T07:00:00Z', to: '2026-11-23T08:00:00Z' }] },
    { kind: 'email', by: '2026-11-23T10:00:00Z' },
  ];
  hub.pushStatus();
  await visitor.getByTestId('choose-phone').click();
  await visitor.getByTestId('to').fill('040 123 4567');
  await shot(visitor, 'widget-4-call');
  await visitor.locator('.later .plain').click();
  await visitor.getByTestId('attach').setInputFiles([
    { name: 'lamp.png', mimeType: 'image/png', buffer: PICTURE },
    { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('x') },
  ]);
  await visitor.locator('[data-testid=file][data-ready=true]').waitFor();
  await visitor.locator('.waiting .bad').waitFor();
  await shot(visitor, 'widget-4-files');
  await visitor.locator('.waiting .bad button').click();
  await visitor.getByTestId('send').click();
  await visitor.locator('.picture img').waitFor();

  const [conversation] = hub.conversations.values();
  conversation.waitingSince = new Date(Date.now() - 7 * 60_000).toISOString();
  conversation.entities = { order_number: '102938' };
  conversation.summary = words.need;
  hub.pushQueue(conversation);
  for (const [index, other] of ['fi', 'da', 'en'].entries()) {
    const more = hub.make(other);
    more.name = index === 1 ? 'Freja Holm' : null;
    more.waitingSince = new Date(Date.now() - [1, 22, 70][index] * 60_000).toISOString();
    hub.visitorSays(
      more,
      [WORDS.fi.ask[2], WORDS.da.need, 'My parcel is marked delivered but it isn’t here.'][index],
      `x${index}`,
    );
    hub.handoff(
      more,
      [
        {
          code: ['asked', 'human_topic', 'answer_did_not_help'][index],
          topic: ['human/talk_to_human', 'human/double_charge', null][index],
          explanation: '',
          evidence: [],
          of: 1,
        },
      ],
      ['normal', 'high', 'urgent'][index],
    );
  }
  await shot(agent, 'console-3-queue');
  await agent.locator(`[data-conversation="${conversation.id}"]`).first().click();
  await agent.getByTestId('claim').waitFor();
  await shot(agent, 'console-4-preview');
  await agent.getByTestId('claim').click();
  await agent.getByTestId('reply').fill(words.answer);
  await visitor.getByTestId('typing').waitFor();
  await shot(visitor, 'widget-5-agent-types');
  await agent.getByTestId('send').click();
  await visitor.locator('[data-role=agent]').waitFor();
  await agent.getByTestId('mode-note').click();
  await agent.getByTestId('reply').fill(words.note);
  await agent.getByTestId('send').click();
  await agent.locator('[data-role=note]').waitFor();
  await visitor.getByTestId('composer').fill(words.thanks);
  await agent.getByTestId('mode-message').click();
  await agent.locator('.typing.on').waitFor();
  await shot(agent, 'console-5-answering');
  if (!phone) {
    await agent.getByTestId('settings').click();
    await agent.locator('.nlu summary').last().click();
    await shot(agent, 'console-6-settings');
    await agent.getByTestId('settings').click();
  } else {
    await agent.getByTestId('toggle-details').click();
    await shot(agent, 'console-6-details');
    await agent.locator('.details .narrow').click();
  }
  // The offer to be reminded stays until it is answered.
  for (const toast of await agent.getByTestId('toast').all()) await toast.locator('button').last().click();
  if (phone) await agent.locator('.back').click();
  for (const name of ['team', 'calls']) {
    // Only who leads sees the shift.
    if (!(await agent.getByTestId(`view-${name}`).count())) continue;
    await agent.getByTestId(`view-${name}`).click();
    await shot(agent, `console-7-${name}`);
  }
  if (phone) {
    await agent.getByTestId('view-mine').click();
    await agent.getByTestId('queue-item').first().click();
  }
  await visitor.getByTestId('send').click();
  await visitor.waitForTimeout(300);
  await shot(visitor, 'widget-6-agent');
  await agent.getByTestId('resolve').click();
  await visitor.getByTestId('rating').waitFor();
  await visitor.locator('.stars label').nth(3).click();
  await shot(visitor, 'widget-7-rating');
  await visitor.locator('.firm').click();
  await visitor.locator('[data-kind=rating]').waitFor();
  await visitor.context().setOffline(true);
  hub.drop(1013);
  await visitor.getByTestId('composer').fill(words.thanks);
  await visitor.getByTestId('send').click();
  await visitor.getByTestId('offline').waitFor();
  await shot(visitor, 'widget-8-offline');
  await visitor.context().close();
  await agent.context().close();
  await hub.close();
}

const wanted = process.argv.slice(2);
for (const language of ['fi', 'da', 'en']) {
  for (const scheme of ['light', 'dark']) {
    for (const phone of [false, true]) {
      const tag = `${language}-${phone ? 'phone' : 'desk'}-${scheme}`;
      if (wanted.length && !wanted.includes(tag)) continue;
      await story(language, { scheme, phone });
      console.log(tag);
    }
  }
}
await browser.close();
