/** The console's icons: those of the panel, and its own. What only agents see no visitor has to load. */
import { svg } from 'lit/html.js';
import { line } from '../view/icons';

export * from '../view/icons';
export const key = line(svg`<circle cx="8" cy="15.500" r="3.750"/><path d="M10.700 12.800L19.500 4M16 7.500l3 3"/>`);
export const bolt = line(svg`<path d="M13 3.500L5.500 13.500H11l-1 7 8-10.500h-5.500z"/>`);
export const minimise = line(svg`<path d="M6 9.5l6 6 6-6"/>`);
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
export const phone = line(
  svg`<path d="M6.500 3.500h3l1.500 4.500-2 1.500c1 2.500 3 4.500 5.500 5.500l1.500-2 4.500 1.500v3c0 1.500-1 2.500-2.500 2.500C10.500 20 4 13.500 4 6c0-1.500 1-2.500 2.500-2.500z"/>`,
);
export const search = line(svg`<circle cx="11" cy="11" r="6.500"/><path d="M16 16l4.500 4.500"/>`);
export const horn = line(svg`<path d="M4 10v4h3l9 4.500v-13L7 10zM7 14v4.500h3V15.500M19 10v4"/>`);
export const eye = line(svg`<path d="M2.500 12c2-4 5.500-6.500 9.500-6.500s7.500 2.500 9.500 6.500c-2 4-5.500 6.500-9.500 6.500S4.500 16 2.500 12z"/><circle cx="12" cy="12" r="2.750"/>`);
export const bulb = line(svg`<path d="M9 17.500h6M10 20.500h4M12 3.500a6 6 0 00-3.500 10.900c.500.500.500 1 .500 1.600h6c0-.600 0-1.100.500-1.600A6 6 0 0012 3.500z"/>`);
export const shift = line(svg`<path d="M4.500 8.500h13M14 5l3.500 3.500L14 12M19.500 15.500h-13M10 12l-3.500 3.500L10 19"/>`);
