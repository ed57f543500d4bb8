/**
 * What the script of the seldom needed parts borrows from the panel's, so that nothing is loaded twice: the templates'
 * tag, a picture, times. A part imports these from here; they stand from the moment in which `take` was called.
 */
import type { html as tag, nothing as none } from 'lit/html.js';
import type { live as alive } from 'lit/directives/live.js';
import type * as icons from '../view/icons';
import type { spanTime as span, whenTime as when } from '../view/time';

export interface Kit {
  html: typeof tag;
  nothing: typeof none;
  live: typeof alive;
  alert: typeof icons.alert;
  clip: typeof icons.clip;
  close: typeof icons.close;
  spanTime: typeof span;
  whenTime: typeof when;
}

export let html: Kit['html'];
export let nothing: Kit['nothing'];
export let live: Kit['live'];
export let alert: Kit['alert'];
export let clip: Kit['clip'];
export let close: Kit['close'];
export let spanTime: Kit['spanTime'];
export let whenTime: Kit['whenTime'];

export function take(kit: Kit): void {
  ({ html, nothing, live, alert, clip, close, spanTime, whenTime } = kit);
}
