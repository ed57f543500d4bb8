/** The names of a class attribute that is drawn whole: those whose value is true. */
export function names(of: Readonly<Record<string, boolean>>): string {
  return Object.keys(of)
    .filter((name) => of[name])
    .join(' ');
}
