/** What the console keeps on this machine: choices of language and appearance, and that somebody signed in. */

const PREFIX = 'silta.console.';

export function recallChoice<T extends string>(name: string, known: (value: unknown) => value is T): T | null {
  try {
    const value = localStorage.getItem(PREFIX + name);
    return known(value) ? value : null;
  } catch {
    return null;
  }
}

export function forgetChoice(name: string): void {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // What could not be kept need not be forgotten.
  }
}

export function rememberChoice(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Without storage the choice holds until the page is left.
  }
}
