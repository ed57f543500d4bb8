/** A template as text, without a page: enough to see what stands in it, and to act on its handlers. */
import { guard } from 'lit/directives/guard.js';
import { keyed } from 'lit/directives/keyed.js';
import { repeat } from 'lit/directives/repeat.js';

type Handler = (event: unknown) => void;
interface Drawn {
  text: string;
  /** With the markup just before each. */
  handlers: { name: string; act: Handler; after: string }[];
  /** What the parts of the page are made anew for. */
  keys: unknown[];
}

type Values = readonly unknown[];
type Each = (item: unknown, index: number) => unknown;

function directiveOf(value: unknown): unknown {
  return (value as { _$litDirective$?: unknown })._$litDirective$;
}

/** Directives that say only when, or under which key, something is drawn: what that is. */
const THROUGH = new Map<unknown, (values: Values) => unknown>([
  [directiveOf(keyed(null, null)), ([, inside]) => inside],
  [directiveOf(guard([], () => null)), ([, make]) => (make as () => unknown)()],
  [directiveOf(repeat([], () => null)), ([items, key, each]) => [...(items as Iterable<unknown>)].map((each ?? key) as Each)],
]);

/** What `template` draws: other directives, and elements that lit would put in place, are passed by. */
export function drawn(template: unknown, into: Drawn = { text: '', handlers: [], keys: [] }): Drawn {
  if (Array.isArray(template)) for (const one of template) drawn(one, into);
  else if (typeof template === 'string' || typeof template === 'number') into.text += String(template);
  else if (typeof template === 'object' && template !== null && 'strings' in template) {
    const { strings, values } = template as unknown as { strings: readonly string[]; values: Values };
    for (const [n, piece] of strings.entries()) {
      into.text += piece;
      const name = /([@.?][\w-]+)=$/.exec(piece)?.[1];
      const value = values[n];
      if (name?.startsWith('@')) into.handlers.push({ name, act: value as Handler, after: piece });
      else if (name?.startsWith('?')) into.text += String(Boolean(value));
      else drawn(value, into);
    }
  } else if (typeof template === 'object' && template !== null && directiveOf(template)) {
    const { values } = template as unknown as { values: Values };
    if (directiveOf(template) === directiveOf(keyed(null, null))) into.keys.push(values[0]);
    drawn(THROUGH.get(directiveOf(template))?.(values), into);
  }
  return into;
}
