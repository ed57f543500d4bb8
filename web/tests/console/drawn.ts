/** A template as text, without a page: enough to see what stands in it, and to act on its handlers. */
type Handler = (event: unknown) => void;
interface Drawn {
  text: string;
  handlers: { name: string; act: Handler }[];
}

/** What `template` draws: directives and elements that lit would put in place are passed by. */
export function drawn(template: unknown, into: Drawn = { text: '', handlers: [] }): Drawn {
  if (Array.isArray(template)) for (const one of template) drawn(one, into);
  else if (typeof template === 'string' || typeof template === 'number') into.text += String(template);
  else if (typeof template === 'object' && template !== null && 'strings' in template) {
    const { strings, values } = template as unknown as { strings: readonly string[]; values: readonly unknown[] };
    for (const [n, piece] of strings.entries()) {
      into.text += piece;
      const name = /([@.?][\w-]+)=$/.exec(piece)?.[1];
      const value = values[n];
      if (name?.startsWith('@')) into.handlers.push({ name, act: value as Handler });
      else if (name?.startsWith('?')) into.text += String(Boolean(value));
      else drawn(value, into);
    }
  }
  return into;
}
