/** The demo shop: a page as any shop has one, with the widget on it by its one script tag. */
import { html, render } from 'lit/html.js';
import { isLanguage, type Language, LANGUAGES } from '../core/protocol';
import * as da from '../i18n/da';
import * as en from '../i18n/en';
import * as fi from '../i18n/fi';
import { NAMES, translator } from '../i18n/index';
import * as art from './art';

const TEXTS = { fi: fi.demo, da: da.demo, en: en.demo };

function chosen(): Language {
  const asked = new URLSearchParams(location.search).get('lang');
  for (const wish of [asked, ...navigator.languages]) {
    const short = wish?.toLowerCase().split('-')[0];
    if (isLanguage(short)) return short;
  }
  return 'en';
}

const language = chosen();
const t = translator(TEXTS[language], language);
document.documentElement.lang = language;
document.title = t('title');

const goods = [
  [art.lamp, 'lamp', 'lampText', 'priceLamp'],
  [art.blanket, 'blanket', 'blanketText', 'priceBlanket'],
  [art.mug, 'mug', 'mugText', 'priceMug'],
  [art.jacket, 'jacket', 'jacketText', 'priceJacket'],
] as const;
const questions = ['try1', 'try2', 'try3'] as const;
/** The tag in two pieces: a narrow page breaks it between them, not within a word. */
const tag = [`<script src="${location.origin}/`, `widget.js" data-language="${language}" defer></script>`];

const page = html`
  <a class="skip" href="#content">${t('skip')}</a>
  <header class="top">
    <a class="brand" href="?lang=${language}">${art.twig}<span>Havu</span></a>
    <nav aria-label=${t('menu')}>
      <a href="#new">${t('navLiving')}</a><a href="#new">${t('navLight')}</a><a href="#new">${t('navTextiles')}</a>
      <a href="#new">${t('navWear')}</a>
    </nav>
    <nav class="tongues" aria-label=${t('language')}>
      ${LANGUAGES.map(
        (each) => html`<a
          href="?lang=${each}"
          hreflang=${each}
          lang=${each}
          aria-label=${`${each.toUpperCase()}, ${NAMES[each]}`}
          aria-current=${each === language ? 'true' : 'false'}
          >${each.toUpperCase()}</a
        >`,
      )}
    </nav>
  </header>
  <main id="content" tabindex="-1">
    <section class="hero">
      <div class="words">
        <p class="eyebrow">${t('eyebrow')}</p>
        <h1>${t('heroTitle')}</h1>
        <p class="lead">${t('heroText')}</p>
        <div class="acts">
          <a class="button" href="#new">${t('heroAction')}</a>
          <button type="button" class="button quiet" @click=${() => window.Silta?.open()}>${t('heroSecond')}</button>
        </div>
      </div>
      <div class="frame">${art.hero}</div>
    </section>
    <ul class="facts">
      <li>${art.truck}${t('factDelivery')}</li>
      <li>${art.returnBox}${t('factReturns')}</li>
      <li>${art.talk}${t('factHelp')}</li>
    </ul>
    <section id="new" class="new">
      <h2>${t('newTitle')}</h2>
      <ul class="goods">
        ${goods.map(
          ([picture, name, text, price]) => html`<li>
            <div class="frame">${picture}</div>
            <h3>${t(name)}</h3>
            <p>${t(text)}</p>
            <p class="price">${t(price)}</p>
          </li>`,
        )}
      </ul>
    </section>
    <section class="about">
      <div class="card">
        <h2>${t('tryTitle')}</h2>
        <p>${t('tryText')}</p>
        <ul class="questions">
          ${questions.map(
            (key) => html`<li>
              <button type="button" data-testid=${key} @click=${() => window.Silta?.ask(t(key))}>${t(key)}</button>
            </li>`,
          )}
        </ul>
      </div>
      <div class="card">
        <h2>${t('agentTitle')}</h2>
        <p>${t('agentText')}</p>
        <p><a class="button quiet" href="/console" target="_blank" rel="noopener">${t('agentAction')}</a></p>
      </div>
      <div class="card">
        <h2>${t('embedTitle')}</h2>
        <p>${t('embedText')}</p>
        <pre tabindex="0" aria-label=${t('embedTitle')}><code>${tag[0]}<wbr />${tag[1]}</code></pre>
      </div>
    </section>
  </main>
  <footer><span class="brand">${art.twig}<span>Havu</span></span><p>${t('footer')}</p></footer>
`;
render(page, document.body);

// As on any other site: one tag. It is made here only because this page learns its language from the address.
const script = document.createElement('script');
script.src = '/widget.js';
script.dataset['language'] = language;
script.dataset['suggestions'] = questions.map((key) => t(key)).join('|');
document.body.append(script);
