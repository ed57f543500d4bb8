/** The icons, drawn for this product: 24 × 24, lines of 1.75, in the colour of the text around them. */
import { svg, type SVGTemplateResult } from 'lit/html.js';

const line = (content: SVGTemplateResult): SVGTemplateResult => svg`<svg viewBox="0 0 24 24" width="24" height="24"
  fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"
  aria-hidden="true" focusable="false">${content}</svg>`;

/** A bridge: the mark of Silta. */
export const bridge = line(
  svg`<path d="M2.5 16.5h19M5 16.5c0-5 3-8.5 7-8.5s7 3.5 7 8.5M9 16.5v-7.4M15 16.5v-7.4M12 16.5V8"/>`,
);
export const close = line(svg`<path d="M6 6l12 12M18 6L6 18"/>`);
export const minimise = line(svg`<path d="M6 9.5l6 6 6-6"/>`);
export const dots = line(svg`<path d="M12 5.5v.01M12 12v.01M12 18.5v.01" stroke-width="2.6"/>`);
export const sendArrow = line(svg`<path d="M12 19V5.5M6 11l6-6 6 6"/>`);
export const person = line(
  svg`<circle cx="12" cy="8" r="3.75"/><path d="M4.75 19.75c.9-3.6 3.7-5.5 7.25-5.5s6.35 1.9 7.25 5.5"/>`,
);
export const check = line(svg`<path d="M5 12.5l4.5 4.5L19 7.5"/>`);
export const alert = line(svg`<path d="M12 8v5M12 16.5v.01M12 3.5l9 16H3z"/>`);
export const clock = line(svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>`);
export const down = line(svg`<path d="M12 5v13.5M6 13l6 6 6-6"/>`);
export const back = line(svg`<path d="M19 12H5.5M11 6l-6 6 6 6"/>`);
export const note = line(svg`<path d="M5 4.5h14v10l-5 5H5zM14 19.5v-5h5M8.5 9h7M8.5 12.5h3"/>`);
export const inbox = line(svg`<path d="M3.5 13.5l3-8h11l3 8v5h-17zM3.5 13.5h5l1.5 2.5h4l1.5-2.5h5"/>`);
export const people = line(
  svg`<circle cx="9" cy="8.5" r="3.25"/><path d="M2.75 19c.7-3.2 3.1-4.9 6.25-4.9s5.55 1.7 6.25 4.9M15.5 5.5a3.25 3.25 0 010 6M17.8 14.6c1.9.700 3.1 2.2 3.5 4.4"/>`,
);
export const gear = line(
  svg`<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>`,
);
export const panelRight = line(svg`<rect x="3.5" y="4.5" width="17" height="15" rx="2"/><path d="M14.5 4.5v15"/>`);
export const globe = line(
  svg`<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.5c2.5 2.3 3.8 5.1 3.8 8.5s-1.3 6.2-3.8 8.5c-2.5-2.3-3.8-5.1-3.8-8.5s1.3-6.2 3.8-8.5z"/>`,
);
export const messenger = line(
  svg`<path d="M12 3.5c-5 0-8.75 3.6-8.75 8.1 0 2.5 1.15 4.7 3.05 6.2v2.9l2.8-1.55c.9.250 1.9.400 2.9.400 5 0 8.75-3.6 8.75-8s-3.75-8.05-8.75-8.05zM7.5 13.5l3-3 2.5 2 3.5-3"/>`,
);
export const returnArrow = line(svg`<path d="M9 13.5L4.5 9 9 4.5M4.5 9h9a6 6 0 010 12H10"/>`);
export const star = svg`<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"
  stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"><path d="M12 3.6l2.5 5.3 5.8.750-4.25 4.050
  1.05 5.8L12 16.7l-5.1 2.8 1.05-5.8L3.7 9.65l5.8-.75z"/></svg>`;
export const save = line(svg`<path d="M12 4v11M7 10.5l5 5 5-5M5 19.5h14"/>`);
export const bin = line(svg`<path d="M5 7h14M9.500 7V4.500h5V7M7 7l1 12.500h8L17 7"/>`);
export const exit = line(svg`<path d="M10 4.5H5v15h5M14.5 8l4 4-4 4M18.5 12H9.5"/>`);
