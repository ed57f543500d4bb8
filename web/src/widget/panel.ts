/** The panel's script: loaded by the loader when a visitor first opens the chat. */
import css from './panel.css?inline';
import { Widget } from './widget';

window.Silta?.mount((shell, words) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  shell.root.adoptedStyleSheets = [...shell.root.adoptedStyleSheets, sheet];
  return new Widget(shell, words);
});
