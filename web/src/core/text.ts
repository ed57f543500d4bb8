/** Text from people and bots, cut into harmless pieces. No piece is ever read as HTML. */

export type Piece = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string };
export type Block = { kind: 'lines'; text: string } | { kind: 'list'; items: string[] };

/** A web address, or a mail address from its `@` on. What stands before the `@` is read backwards: a pattern for it would
 * try every letter of a long word as the first one, and a visitor's message must not cost the console its breath. */
const LINK = /https?:\/\/[^\s<>"'”»]+|@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/g;
const LOCAL = /[A-Za-z0-9._%+-]/;
/** What follows an address in a sentence and is no part of it. */
const TAIL = '.,;:!?)]}…';

/** Text and links. Only http, https and mail addresses become links; everything else stays text. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const start = match[0].startsWith('@') ? localStart(text, match.index, end) : match.index;
    if (text[start] === '@') continue;
    let address = withoutTail(text.slice(start, match.index + match[0].length));
    // An address may end in a bracket that it opened itself.
    if (address.includes('(') && text[start + address.length] === ')') address += ')';
    const href = safeHref(address);
    if (!href) continue;
    if (start > end) found.push({ kind: 'text', text: text.slice(end, start) });
    found.push({ kind: 'link', text: address, href });
    end = start + address.length;
  }
  if (end < text.length) found.push({ kind: 'text', text: text.slice(end) });
  return found;
}

/** Where the part before the `@` at `at` begins, not before `from`. */
function localStart(text: string, at: number, from: number): number {
  let start = at;
  while (start > from && LOCAL.test(text[start - 1] as string)) start--;
  return start;
}

/** Letter by letter from the end: a pattern that is tied to the end starts anew at each of a thousand dots. */
function withoutTail(address: string): string {
  let end = address.length;
  while (end > 0 && TAIL.includes(address[end - 1] as string)) end--;
  return address.slice(0, end);
}

function safeHref(address: string): string | null {
  if (!address.includes('://')) return `mailto:${address}`;
  try {
    const url = new URL(address);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
  } catch {
    return null;
  }
}

/** Runs of lines that start with "- " become lists; other lines stay together with their breaks. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    const dash = /^\s*[-•–]\s+/.exec(line)?.[0];
    const item = dash === undefined ? undefined : line.slice(dash.length);
    const last = found.at(-1);
    if (item !== undefined) {
      if (last?.kind === 'list') last.items.push(item);
      else found.push({ kind: 'list', items: [item] });
    } else if (last?.kind === 'lines') last.text += `\n${line}`;
    else found.push({ kind: 'lines', text: line });
  }
  return found
    .map((block) => (block.kind === 'lines' ? { ...block, text: withoutBreaks(block.text) } : block))
    .filter((block) => block.kind === 'list' || block.text !== '');
}

/** Without the line breaks at both ends. */
function withoutBreaks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text[start] === '\n') start++;
  while (end > start && text[end - 1] === '\n') end--;
  return text.slice(start, end);
}

/** `text` cut where any of `phrases` stands in it (letter case ignored); overlapping finds are joined. */
export function marked(text: string, phrases: readonly string[]): { text: string; mark: boolean }[] {
  const low = text.toLowerCase();
  const spans: [number, number][] = [];
  // Lower-casing may change the length of rare letters; then positions would lie, and nothing is marked.
  if (low.length === text.length) {
    for (const phrase of phrases) {
      const wanted = phrase.trim().toLowerCase();
      if (!wanted) continue;
      for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, at + wanted.length)) {
        spans.push([at, at + wanted.length]);
      }
    }
  }
  spans.sort((a, b) => a[0] - b[0]);
  const cut: { text: string; mark: boolean }[] = [];
  let end = 0;
  for (const [from, to] of spans) {
    if (to <= end) continue;
    const start = Math.max(from, end);
    if (start > end) cut.push({ text: text.slice(end, start), mark: false });
    const last = cut.at(-1);
    if (last?.mark && start === end) last.text += text.slice(start, to);
    else cut.push({ text: text.slice(start, to), mark: true });
    end = to;
  }
  if (end < text.length) cut.push({ text: text.slice(end), mark: false });
  return cut;
}
