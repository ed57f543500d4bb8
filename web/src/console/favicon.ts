/** A dot on the page's icon while somebody waits for this agent: seen in a row of tabs where titles are cut. */
let shown: boolean | null = null;

const BRIDGE =
  '<rect width="32" height="32" rx="8" fill="%231f5b4c"/><path d="M4 21h24M7 21c0-7 4-11 9-11s9 4 9 11M12 21v-9.500M20 21v-9.500" fill="none" stroke="%23fff" stroke-width="2.200" stroke-linecap="round"/>';
const DOT = '<circle cx="25" cy="7" r="6.500" fill="%23f2b84b" stroke="%23fff" stroke-width="1.500"/>';

export function favicon(dot: boolean): void {
  if (dot === shown) return;
  shown = dot;
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]') ?? document.createElement('link');
  link.rel = 'icon';
  link.href = `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${BRIDGE}${dot ? DOT : ''}</svg>`;
  if (!link.isConnected) document.head.append(link);
}
