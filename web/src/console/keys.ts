/**
 * Keys of the console. No Alt letters: on Finnish and Danish keyboards AltGr types `@ { [ ] }`, and AltGr is Ctrl+Alt
 * on some systems. Single letters act only while no field has the focus, and can be switched off.
 */
import type { Desk } from './desk';

/** Every key with the text that says what it does, for the dialog that lists them. */
export const KEYS = [
  ['j', 'keyNext'],
  ['k', 'keyPrevious'],
  ['r', 'keyReply'],
  ['n', 'keyNote'],
  ['c', 'keyClaim'],
  ['/', 'keyCanned'],
  ['?', 'keyHelp'],
  ['Ctrl K', 'keyFind'],
  ['Ctrl Enter', 'keySend'],
  ['Esc', 'keyClose'],
] as const;

function inField(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return target?.closest('input, textarea, select, dialog, [contenteditable]') !== null;
}

function move(desk: Desk, step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('.list .item')];
  const here = rows.findIndex((row) => row.getAttribute('aria-current') === 'true');
  const next = rows[here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + step))];
  const id = next?.dataset['conversation'];
  if (!id) return;
  desk.select(id);
  next.focus();
}

function write(desk: Desk, mode: 'message' | 'note'): void {
  desk.edit({ mode });
  desk.focusSoon('[data-testid=reply]');
}

export function onKey(desk: Desk, event: KeyboardEvent): void {
  const ui = desk.ui.state;
  if (ui.phase !== 'in' || event.isComposing || event.defaultPrevented || event.getModifierState('AltGraph')) return;
  const mod = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (mod && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    desk.show('find');
    return;
  }
  if (event.key === 'Escape' && ui.more) {
    desk.edit({ more: false });
    desk.focusSoon('[data-testid=more]');
    return;
  }
  if (!ui.keys || mod || event.altKey || event.ctrlKey || event.metaKey || inField(event)) return;
  const { selected } = ui;
  const acts: Record<string, () => void> = {
    j: () => move(desk, 1),
    k: () => move(desk, -1),
    r: () => write(desk, 'message'),
    n: () => write(desk, 'note'),
    c: () => {
      const status = selected === null ? null : desk.store.state.conversations.get(selected)?.status;
      if (selected !== null && status === 'queued') void desk.claim(selected);
    },
    '?': () => desk.edit({ dialog: { name: 'keys', about: '' } }),
  };
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

