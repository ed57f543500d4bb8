/** The shop's pictures, drawn: flat shapes in a winter's colours. Their alternatives stand beside them as text. */
import { svg, type SVGTemplateResult } from 'lit/html.js';

export const twig = svg`<svg viewBox="0 0 32 32" width="32" height="32" fill="none" stroke="currentColor"
  stroke-width="1.8" stroke-linecap="round" aria-hidden="true"><path d="M16 4v24M16 8.5l-4 3M16 8.5l4 3M16 14l-6 4M16 14l6 4M16 19.5l-7.5 4.5M16 19.5l7.5 4.5"/></svg>`;

export const hero = svg`<svg viewBox="0 0 640 560" class="picture" aria-hidden="true" preserveAspectRatio="xMidYMid slice">
  <defs>
    <radialGradient id="glow" cx=".66" cy=".45" r=".6"><stop offset="0" stop-color="#f6d9a0"/><stop offset=".45" stop-color="#d9a766" stop-opacity=".55"/><stop offset="1" stop-color="#24443b" stop-opacity="0"/></radialGradient>
    <linearGradient id="night" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#1c3730"/><stop offset="1" stop-color="#2b5145"/></linearGradient>
    <linearGradient id="glass" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#fdf0d2"/><stop offset="1" stop-color="#eebf78"/></linearGradient>
  </defs>
  <rect width="640" height="560" fill="url(#night)"/>
  <g class="window"><rect x="64" y="56" width="188" height="248" rx="4" fill="#16302a"/><rect x="74" y="66" width="168" height="228" fill="#27485a"/>
    <path d="M74 236l44-58 34 40 30-52 60 78v50H74z" fill="#1b3441"/><path d="M74 262c50-22 110-16 168 4v28H74z" fill="#dfe8e6"/>
    <circle cx="206" cy="108" r="14" fill="#f2ead2"/><g fill="#fff"><circle cx="98" cy="98" r="1.8"/><circle cx="140" cy="126" r="1.5"/><circle cx="168" cy="88" r="1.8"/><circle cx="118" cy="150" r="1.3"/><circle cx="224" cy="160" r="1.5"/></g>
    <path d="M158 66v228M74 180h168" stroke="#16302a" stroke-width="7"/></g>
  <rect y="0" width="640" height="560" fill="url(#glow)"/>
  <rect y="446" width="640" height="114" fill="#7a5638"/><rect y="446" width="640" height="10" fill="#94694a"/>
  <g class="lamp"><path d="M318 262c0-58 48-98 104-98s104 40 104 98c0 44-34 72-72 78h-64c-38-6-72-34-72-78z" fill="url(#glass)"/>
    <path d="M356 258c2-36 28-62 60-64" fill="none" stroke="#fff8e6" stroke-width="9" stroke-linecap="round" opacity=".8"/>
    <rect x="376" y="340" width="92" height="20" rx="6" fill="#5b3f28"/><path d="M398 360h48l10 72h-68z" fill="#a87b52"/><path d="M398 360h20l-4 72h-26z" fill="#b98c61"/><rect x="372" y="430" width="100" height="18" rx="9" fill="#8d6543"/></g>
  <g class="books"><rect x="96" y="424" width="158" height="24" rx="3" fill="#d8d2c0"/><rect x="108" y="402" width="140" height="23" rx="3" fill="#b5583b"/><rect x="116" y="402" width="8" height="23" fill="#e2a388"/></g>
  <g class="mug"><path d="M150 348h66v38c0 12-10 18-22 18h-22c-12 0-22-6-22-18z" fill="#e9e4d6"/><path d="M216 358c26-4 26 32-2 32" fill="none" stroke="#e9e4d6" stroke-width="8"/><ellipse cx="183" cy="349" rx="33" ry="7" fill="#6b4a2f"/>
    <path d="M172 332c-8-12 8-18 0-32M194 332c-8-12 8-18 0-32" fill="none" stroke="#f6eeda" stroke-width="4" stroke-linecap="round" opacity=".55"/></g>
  <g class="fir" fill="none" stroke="#173a2e" stroke-width="6" stroke-linecap="round"><path d="M566 446c0-70-6-110-18-150"/><path d="M562 400l-30-26M563 400l28-30M558 360l-28-24M560 360l26-30M553 326l-20-20M554 322l20-24" stroke="#1f4c3c"/></g>
  <path d="M538 448l8-58h40l8 58z" fill="#cfc6b0"/>
</svg>`;

export const lamp = svg`<svg viewBox="0 0 320 320" class="picture" aria-hidden="true"><rect width="320" height="320" fill="#e9dcc3"/><circle cx="160" cy="132" r="112" fill="#f6e7c4"/>
  <path d="M92 150c0-44 30-76 68-76s68 32 68 76c0 28-20 44-44 48h-48c-24-4-44-20-44-48z" fill="#8a7a66"/><path d="M92 150c0-44 30-76 68-76v124h-24c-24-4-44-20-44-48z" fill="#9c8c77"/>
  <ellipse cx="160" cy="150" rx="24" ry="30" fill="#fbe3a9"/><rect x="130" y="198" width="60" height="14" rx="4" fill="#4d3826"/><path d="M144 212h32l7 46h-46z" fill="#a97c53"/><rect x="122" y="256" width="76" height="12" rx="6" fill="#8b6342"/></svg>`;

export const blanket = svg`<svg viewBox="0 0 320 320" class="picture" aria-hidden="true"><rect width="320" height="320" fill="#d6ddd6"/>
  <path d="M78 104c0-12 8-20 20-20h124c12 0 20 8 20 20v128H78z" fill="#345c50"/><path d="M78 118h164v14H78zM78 146h164v6H78z" fill="#e6e0cf"/><path d="M78 176h164v14H78zM78 204h164v6H78z" fill="#c9743f"/>
  <g stroke="#345c50" stroke-width="5" stroke-linecap="round"><path d="M86 232v22M102 232v22M118 232v22M134 232v22M150 232v22M166 232v22M182 232v22M198 232v22M214 232v22M234 232v22"/></g>
  <path d="M78 104c0-12 8-20 20-20h22v148H78z" fill="#fff" opacity=".07"/></svg>`;

export const mug = svg`<svg viewBox="0 0 320 320" class="picture" aria-hidden="true"><rect width="320" height="320" fill="#dfd7cf"/>
  <g><path d="M62 142h104v70c0 22-16 34-36 34H98c-20 0-36-12-36-34z" fill="#5d6f78"/><path d="M62 142h104v26H62z" fill="#d9d4c6"/><path d="M62 156c-34-4-34 54 4 50" fill="none" stroke="#5d6f78" stroke-width="11"/><ellipse cx="114" cy="143" rx="52" ry="10" fill="#48565d"/></g>
  <g><path d="M172 172h88v58c0 18-13 28-30 28h-28c-17 0-30-10-30-28z" fill="#b9694a"/><path d="M172 172h88v20h-88z" fill="#ece5d6"/><path d="M260 186c30-4 30 44-3 42" fill="none" stroke="#b9694a" stroke-width="10"/><ellipse cx="216" cy="173" rx="44" ry="9" fill="#8d4b32"/></g>
  <path d="M98 122c-7-12 8-18 0-32M126 122c-7-12 8-18 0-32" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" opacity=".8"/></svg>`;

export const jacket = svg`<svg viewBox="0 0 320 320" class="picture" aria-hidden="true"><rect width="320" height="320" fill="#cfd8da"/>
  <path d="M118 84l42 20 42-20 44 26c8 5 12 14 12 24v96h-34v-60l-4 98H100l-4-98v60H62v-96c0-10 4-19 12-24z" fill="#c2903f"/><path d="M160 104l-42-20 12-14h60l12 14z" fill="#9b6f2b"/><path d="M160 104v164" stroke="#8a6125" stroke-width="4"/>
  <path d="M112 206h34M174 206h34" stroke="#8a6125" stroke-width="5" stroke-linecap="round"/><path d="M96 170l-2-34M224 170l2-34" stroke="#a97a30" stroke-width="4" stroke-linecap="round"/><g fill="#5f431a"><circle cx="168" cy="136" r="4"/><circle cx="168" cy="170" r="4"/><circle cx="168" cy="204" r="4"/><circle cx="168" cy="238" r="4"/></g></svg>`;

export const truck = svg`<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" aria-hidden="true"><path d="M3 7h11v9H3zM14 10h4l3 3v3h-7z"/><circle cx="7.5" cy="17" r="2"/><circle cx="17" cy="17" r="2"/></svg>`;
export const returnBox = svg`<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round" aria-hidden="true"><path d="M4 8l8-4 8 4v8.5l-8 4-8-4zM4 8l8 4 8-4M12 12v8.5"/></svg>`;
export const talk = svg`<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" aria-hidden="true"><path d="M4.5 5.5h15v11h-8L7 20v-3.5H4.5z"/></svg>`;

export type Picture = SVGTemplateResult;
