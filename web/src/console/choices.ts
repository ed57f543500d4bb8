/** An agent's own choices on this machine: language and appearance of the console. */

const PREFIX = 'silta.console.';

export function recallChoice<T extends string>(name: string, known: (value: unknown) => value is T): T | null {
  try {
    const value = localStorage.getItem(PREFIX + name);
    return known(value) ? value : null;
  } catch {
    return null;
  }
}

export function rememberChoice(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Without storage the choice holds until the page is left.
  }
}
