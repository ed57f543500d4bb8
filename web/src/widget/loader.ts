/**
 * The one script tag of a page: a launcher in a shadow root, and the panel's script when it is first needed.
 *
 * A classic script on purpose: it needs no CORS and no `type=module`, and `document.currentScript` tells where the
 * hub is, so that the tag works on any site. Nothing is stored, and nothing but this file is loaded, before the visitor
 * opens the chat.
 */
import type { Language } from '../core/protocol';
import { loader as da } from '../i18n/da';
import { loader as en } from '../i18n/en';
import { loader as fi } from '../i18n/fi';
import css from './launcher.css?inline';
import { type MakeMore, MEMORY, type Occasion, type Panel, type Shell, type SiltaApi, type Theme, type Words } from './shell';

/** The panel's files, put in by the build: `assets/panel-HASH.js`, what is seldom needed, and the words of each language. */
declare const __FILES__: Record<Language | 'panel' | 'more', string>;

const WORDS: Record<Language, typeof en> = { fi, da, en };

function known(tag: string | null | undefined): Language | null {
  const short = (tag ?? '').toLowerCase().split('-')[0] ?? '';
  return short in WORDS ? (short as Language) : null;
}

function chosen(script: HTMLScriptElement): Language {
  const wishes = [script.dataset['language'], script.dataset['lang'], document.documentElement.lang];
  for (const wish of [...wishes, ...navigator.languages]) {
    const language = known(wish);
    if (language) return language;
  }
  return 'en';
}

function svg(name: string, path: string): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const icon = document.createElementNS(space, 'svg');
  icon.setAttribute('viewBox', '0 0 24 24');
  icon.setAttribute('aria-hidden', 'true');
  icon.setAttribute('class', name);
  icon.appendChild(document.createElementNS(space, 'path')).setAttribute('d', path);
  return icon;
}

function start(script: HTMLScriptElement): void {
  const { origin } = new URL(script.src);
  const listeners = new Map<Occasion, Set<(detail: unknown) => void>>();
  let loading = false;
  let mounted = false;
  let panel: Panel | null = null;
  let wishes: ((panel: Panel) => void)[] = [];

  const host = document.createElement('silta-chat');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  const launcher = document.createElement('button');
  launcher.type = 'button';
  launcher.className = 'launcher';
  launcher.dataset['testid'] = 'launcher';
  launcher.setAttribute('part', 'launcher');
  launcher.setAttribute('aria-expanded', 'false');
  launcher.setAttribute('aria-haspopup', 'dialog');
  launcher.append(
    svg('say', 'M4.5 5.5h15v11h-8l-4.5 3.5v-3.5h-2.5zM8.5 9.5h7M8.5 12.5h4.5'),
    svg('fold', 'M6 9.5l6 6 6-6'),
  );
  const badge = document.createElement('span');
  badge.className = 'badge';
  badge.hidden = true;
  launcher.append(badge);
  const sorry = document.createElement('div');
  sorry.className = 'sorry';
  sorry.setAttribute('role', 'alert');
  sorry.hidden = true;
  root.append(sorry, launcher);

  const theme = script.dataset['theme'];
  const language = chosen(script);
  const shell: Shell = {
    origin,
    language,
    pageLanguage: language,
    theme: (theme === 'light' || theme === 'dark' ? theme : 'auto') satisfies Theme,
    title: script.dataset['title'] ?? null,
    privacy: /^https?:/.exec(script.dataset['privacy'] ?? '')?.input ?? null,
    suggestions: (script.dataset['suggestions'] ?? '')
      .split('|')
      .filter((text) => text.trim())
      .slice(0, 4),
    root,
    host,
    launcher,
    badge,
    words: (wanted) => part<Words>(wanted),
    more: () => part<MakeMore>('more'),
    emit(occasion, detail) {
      for (const listener of listeners.get(occasion) ?? []) listener(detail);
    },
  };

  const label = (): void => launcher.setAttribute('aria-label', WORDS[shell.language].launcher);
  label();

  function fetchScript(name: string, failed: () => void): void {
    const tag = document.createElement('script');
    tag.async = true;
    tag.src = trusted(`${origin}/${name}`);
    tag.onerror = () => {
      tag.remove();
      failed();
    };
    document.head.append(tag);
  }

  type Part = Language | 'more';
  /** Promises of what other scripts bring, and how each is kept once its script has run. */
  const promised = new Map<Part, Promise<unknown>>();
  const keep = new Map<Part, (what: unknown) => void>();

  function part<What>(name: Part): Promise<What> {
    let brought = promised.get(name);
    if (!brought) {
      brought = new Promise((resolve, reject) => {
        keep.set(name, resolve);
        fetchScript(__FILES__[name], () => {
          promised.delete(name);
          reject(new Error(name));
        });
      });
      promised.set(name, brought);
    }
    return brought as Promise<What>;
  }

  function failed(): void {
    loading = false;
    launcher.removeAttribute('aria-busy');
    sorry.lang = shell.language;
    sorry.textContent = WORDS[shell.language].loadFailed;
    sorry.hidden = false;
  }

  function load(): void {
    if (loading) return;
    loading = true;
    sorry.hidden = true;
    launcher.setAttribute('aria-busy', 'true');
    // Side by side: the panel waits for its words, not for their turn.
    part(shell.language).catch(failed);
    fetchScript(__FILES__.panel, failed);
  }

  function wish(what: (panel: Panel) => void): void {
    if (panel) what(panel);
    else {
      wishes.push(what);
      load();
    }
  }

  const api: SiltaApi = {
    open: () => wish((p) => p.open()),
    close: () => panel?.close(),
    ask: (text) => wish((p) => p.ask(text)),
    setLanguage(language) {
      const next = known(language);
      if (!next) return;
      shell.language = next;
      if (panel) panel.setLanguage(next);
      else label();
    },
    on(occasion, listener) {
      const all = listeners.get(occasion) ?? new Set();
      listeners.set(occasion, all.add(listener));
      return () => all.delete(listener);
    },
    mount(make) {
      if (mounted) return;
      mounted = true;
      const { language } = shell;
      part<Words>(language).then(
        (texts) => {
          launcher.removeAttribute('aria-busy');
          const wanted = shell.language;
          shell.language = language;
          panel = make(shell, texts);
          if (wanted !== language) panel.setLanguage(wanted);
          for (const each of wishes) each(panel);
          wishes = [];
        },
        () => (mounted = false),
      );
    },
    bring: (name, what) => keep.get(name)?.(what),
  };
  window.Silta = api;

  launcher.addEventListener('click', () => {
    if (launcher.getAttribute('aria-expanded') === 'true') panel?.dismiss();
    else api.open();
  });

  const attach = (): void => {
    document.body.append(host);
    let memory: { token?: string; open?: boolean; language?: string } | null = null;
    try {
      memory = JSON.parse(sessionStorage.getItem(MEMORY) ?? 'null');
    } catch {
      // Storage may be closed to us; then every page begins anew.
    }
    shell.language = known(memory?.language) ?? shell.language;
    // This tab talked to us before: go on where it was.
    if (memory?.open) api.open();
    else if (memory?.token) wish(() => undefined);
  };
  if (document.body) attach();
  else document.addEventListener('DOMContentLoaded', attach);
}

interface Policy {
  createScriptURL(text: string): string;
}

let policy: Policy | undefined;

/** The address as a page with Trusted Types wants it. A name may be taken once, so the policy is kept. */
function trusted(url: string): string {
  const { trustedTypes } = window as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } };
  policy ??= trustedTypes?.createPolicy('silta', { createScriptURL: (text) => text });
  return policy?.createScriptURL(url) ?? url;
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && script.src && !window.Silta) start(script);
