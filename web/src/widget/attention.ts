/** How the widget calls for attention while nobody looks: the launcher's badge and name, the page's title. */
import { unread, type VisitorState } from '../core/visitor';
import type { Shell } from './shell';
import type { WidgetTexts } from './widget';

/** More than this is shown as "9+". */
const COUNT_MAX = 9;

export class Attention {
  private title: string | null = null;
  private before = 0;

  constructor(private readonly shell: Shell) {}

  /** Brings launcher and title in line with the state. The host page's own title comes back afterwards. */
  show(state: VisitorState, open: boolean, t: WidgetTexts): void {
    const { launcher, badge, host } = this.shell;
    const count = open && !document.hidden ? 0 : unread(state);
    launcher.setAttribute('aria-expanded', String(open));
    if (open) launcher.setAttribute('aria-controls', 'silta-panel');
    else launcher.removeAttribute('aria-controls');
    const label = t(open ? 'close' : 'launcher');
    launcher.setAttribute('aria-label', count ? `${label}, ${t('newMessages', { n: count })}` : label);
    badge.hidden = count === 0 || open;
    badge.textContent = count > COUNT_MAX ? `${COUNT_MAX}+` : String(count);
    host.toggleAttribute('data-open', open);
    if (count !== this.before) {
      this.before = count;
      this.shell.emit('unread', count);
    }
    this.entitle(count);
  }

  private entitle(count: number): void {
    if (count && document.hidden) {
      this.title ??= document.title;
      document.title = `(${count}) ${this.title}`;
    } else if (this.title !== null) {
      document.title = this.title;
      this.title = null;
    }
  }
}
