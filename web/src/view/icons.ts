/** The icons, drawn for this product: 24 × 24, lines of 1.75, in the colour of the text around them. */
import { svg, type SVGTemplateResult } from 'lit/html.js';

/** A drawing in the house's stroke. */
export const line = (content: SVGTemplateResult): SVGTemplateResult => svg`<svg viewBox="0 0 24 24" width="24" height="24"
  fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"
  aria-hidden="true" focusable="false">${content}</svg>`;

/** A bridge: the mark of Silta. */
export const bridge = line(
  svg`<path d="M2.5 16.5h19M5 16.5c0-5 3-8.5 7-8.5s7 3.5 7 8.5M9 16.5v-7.4M15 16.5v-7.4M12 16.5V8"/>`,
);
export const close = line(svg`<path d="M6 6l12 12M18 6L6 18"/>`);
export const dots = line(svg`<path d="M12 5.5v.01M12 12v.01M12 18.5v.01" stroke-width="2.6"/>`);
export const sendArrow = line(svg`<path d="M12 19V5.5M6 11l6-6 6 6"/>`);
export const person = line(
  svg`<circle cx="12" cy="8" r="3.75"/><path d="M4.75 19.75c.9-3.6 3.7-5.5 7.25-5.5s6.35 1.9 7.25 5.5"/>`,
);
export const check = line(svg`<path d="M5 12.5l4.5 4.5L19 7.5"/>`);
export const alert = line(svg`<path d="M12 8v5M12 16.5v.01M12 3.5l9 16H3z"/>`);
export const clock = line(svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>`);
export const down = line(svg`<path d="M12 5v13.5M6 13l6 6 6-6"/>`);
export const clip = line(svg`<path d="M18.500 11.500l-6.700 6.700a4 4 0 0 1-5.700-5.700l7.400-7.400a2.700 2.700 0 0 1 3.800 3.800l-7.200 7.200a1.200 1.200 0 0 1-1.700-1.700l6.300-6.300"/>`);
export const mail = line(svg`<path d="M4 6.500h16v11H4zM4.500 7l7.500 6 7.500-6"/>`);
export const checks = line(svg`<path d="M2.500 12.500L7 17l9-9.500M11.500 16.500l.5.5L21.500 7.500"/>`);
export const save = line(svg`<path d="M12 4v11M7 10.5l5 5 5-5M5 19.5h14"/>`);
export const bin = line(svg`<path d="M5 7h14M9.500 7V4.500h5V7M7 7l1 12.500h8L17 7"/>`);
export const exit = line(svg`<path d="M10 4.5H5v15h5M14.5 8l4 4-4 4M18.5 12H9.5"/>`);
