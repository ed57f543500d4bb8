/**
 * A hub of the web's own, for tests and for working on the pages: the protocol's frames over real sockets, the
 * conversations in memory, a bot of a few words. It is never shipped; what it does not check, the real one does.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { answer, explained, GREETING, SYSTEM, TITLES } from './bot.mjs';

const DIST = resolve(dirname(fileURLToPath(import.meta.url)), '../dist');
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
export const CSP =
  "default-src 'self'; connect-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; frame-ancestors 'self'";

export const AGENTS = {
  'aino@havu.example': {
    id: 'a1',
    name: 'Aino',
    role: 'supervisor',
    languages: ['fi', 'en'],
    skills: ['general'],
    capacity: 4,
    password: 'silta-demo',
  },
  'mikkel@havu.example': {
    id: 'a2',
    name: 'Mikkel',
    role: 'agent',
    languages: ['da', 'en'],
    skills: ['general'],
    capacity: 4,
    password: 'silta-demo',
  },
};

export class Hub {
  constructor({ botDelay = 350 } = {}) {
    this.botDelay = botDelay;
    this.conversations = new Map();
    this.tokens = new Map();
    this.sessions = new Map();
    this.socketTokens = new Map();
    this.visitors = new Set();
    this.agents = new Set();
    this.answers = new Map();
    this.refuse = new Set();
    /** What was covered, by the number of its message. */
    this.covered = new Map();
    /** Ids of messages that were one too many. */
    this.limited = new Set();
    this.cspReports = [];
    /** What a waiting visitor may choose, whether people answer now, and what is announced to all. */
    this.choices = [];
    this.open = { now: true, opens_at: null, text: null };
    this.response = null;
    /** Where the readers of a language are told when people answer. */
    this.zones = {
      fi: { zone: 'Europe/Helsinki', name: '' },
      da: { zone: 'Europe/Copenhagen', name: 'dansk tid' },
      en: { zone: 'Europe/Helsinki', name: 'Finnish time' },
    };
    this.announcements = [];
    this.may = { erase: true, upload: true, email_transcript: true };
    this.consent = false;
    /** Files by id: facts and body. */
    this.files = new Map();
    this.mails = [];
    this.callbacks = [];
    /** Drafts and settings by path. */
    this.kept = new Map();
    this.canned = [];
    this.macros = [];
    /** The company's identity provider, and who is asked for a second factor (code 123456). */
    this.oidc = null;
    this.secondFactor = new Set();
    this.tickets = new Map();
    this.offers = new Map();
  }

  /** Tells everybody something, or that it no longer holds (`ended`). */
  announce(announcement) {
    this.announcements = this.announcements.filter((one) => one.id !== announcement.id);
    if (!announcement.ended) this.announcements.push(announcement);
    for (const peer of this.visitors) peer.send({ type: 'announcement', ...announcement });
  }

  async listen(port = 0) {
    this.server = createServer((request, response) => void this.http(request, response));
    this.sockets = new WebSocketServer({ noServer: true });
    this.server.on('upgrade', (request, socket, head) => {
      const kind = new URL(request.url, 'http://x').pathname;
      if (kind !== '/ws/visitor' && kind !== '/ws/agent') return socket.destroy();
      this.sockets.handleUpgrade(request, socket, head, (ws) =>
        kind === '/ws/visitor' ? this.visitor(ws) : this.agent(ws),
      );
    });
    await new Promise((done) => this.server.listen(port, '127.0.0.1', done));
    this.port = this.server.address().port;
    this.origin = `http://127.0.0.1:${this.port}`;
    return this;
  }

  /** Closes every socket, as a restart does. */
  drop(code = 1012) {
    for (const ws of this.sockets.clients) ws.close(code);
  }

  async close() {
    for (const ws of this.sockets.clients) ws.terminate();
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  async http(request, response) {
    const url = new URL(request.url, 'http://x');
    const json = (status, body, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    if (request.method === 'GET' || request.method === 'PUT') {
      const answer = await this.api(request, url);
      if (answer) return json(...answer);
    }
    const asked = /^\/api\/(?:visitor\/)?files\/[^/]+\/([^/]+)$/.exec(url.pathname)?.[1];
    if (request.method === 'GET' && asked) {
      const kept = this.files.get(asked);
      if (!kept) return json(404, { code: 'not_found' });
      response.writeHead(200, { 'content-type': kept.type, 'content-disposition': 'attachment', 'x-content-type-options': 'nosniff' });
      return response.end(kept.body);
    }
    if (request.method === 'GET' && url.pathname === '/api/visitor/export') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-disposition': 'attachment; filename="my-data.json"' });
      return response.end('{}');
    }
    const session = /silta_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    if (request.method === 'POST') {
      const parts = [];
      for await (const part of request) parts.push(part);
      const body = Buffer.concat(parts);
      const raw = body.toString('utf8');
      if (url.pathname.endsWith('/upload')) return this.upload(url, body, json);
      if (url.pathname === '/csp') {
        this.cspReports.push(raw);
        return json(200, {});
      }
      if (url.pathname === '/api/login') {
        const { email, password } = JSON.parse(raw);
        const agent = AGENTS[email];
        if (!agent || agent.password !== password) return json(401, { code: 'unauthorized' });
        if (this.secondFactor.has(email)) {
          const ticket = randomUUID();
          this.tickets.set(ticket, agent);
          return json(200, { second_factor: true, ticket });
        }
        return this.signIn(agent, json);
      }
      if (url.pathname === '/api/login/second') {
        const { ticket, code } = JSON.parse(raw);
        const agent = this.tickets.get(ticket);
        return agent && code === '123456' ? this.signIn(agent, json) : json(401, { code: 'unauthorized' });
      }
      const agent = this.sessions.get(session);
      if (!agent) return json(401, { code: 'unauthorized' });
      if (url.pathname === '/api/socket-token') {
        const token = randomUUID();
        this.socketTokens.set(token, agent);
        return json(200, { token });
      }
      if (url.pathname === '/api/me/stay') return json(200, {});
      if (url.pathname === '/api/me/password') {
        const { old, new: next } = JSON.parse(raw);
        return old === agent.password && next.length >= 12 ? json(200, {}) : json(400, { code: 'bad_request' });
      }
      if (url.pathname === '/api/me/second-factor') {
        const { password } = JSON.parse(raw);
        const secret = 'JBSWY3DPEHPK3PXP';
        return password === agent.password ? json(200, { secret, uri: `otpauth://totp/Silta?secret=${secret}` }) : json(401, {});
      }
      const about = /^\/api\/conversations\/([^/]+)\/(export|erase)$/.exec(url.pathname);
      if (about && agent.role !== 'agent') {
        const conversation = this.conversations.get(about[1]);
        if (about[2] === 'export') return json(200, { conversation: about[1], events: conversation.events });
        this.conversations.delete(about[1]);
        for (const peer of this.agents) peer.send({ type: 'erased', conversation: about[1] });
        return json(200, { erased: true });
      }
      if (url.pathname === '/api/logout') {
        this.sessions.delete(session);
        return json(200, {});
      }
      return json(404, { code: 'not_found' });
    }
    const name = { '/': 'index.html', '/console': 'console.html' }[url.pathname] ?? url.pathname.slice(1);
    const file = resolve(DIST, name);
    try {
      if (!file.startsWith(DIST)) throw new Error('outside');
      const body = await readFile(file);
      response.writeHead(200, {
        'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
        'content-security-policy': `${CSP}; report-uri /csp`,
        'x-content-type-options': 'nosniff',
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  }

  signIn(agent, json) {
    const id = randomUUID();
    this.sessions.set(id, agent);
    const cookie = `silta_session=${id}; HttpOnly; SameSite=Strict; Path=/`;
    return json(200, { agent: publicAgent(agent) }, { 'set-cookie': cookie });
  }

  /** Takes PNG and PDF by their content, as the real hub does with more kinds; 100 kB are enough for a test. */
  upload(url, body, json) {
    if (body.length > 100_000) return json(413, { code: 'too_large' });
    const type = body.subarray(1, 4).toString() === 'PNG' ? 'image/png' : body.subarray(0, 5).toString() === '%PDF-' ? 'application/pdf' : null;
    if (!type) return json(400, { code: 'bad_request', field: 'file' });
    const id = randomUUID();
    const file = { id, name: url.searchParams.get('name'), type, size: body.length };
    this.files.set(id, { ...file, body });
    return json(200, { attachment: file });
  }

  attached(ids = [], way = '') {
    return ids.map((id) => {
      const { body: _, ...file } = this.files.get(id);
      return { ...file, url: `/api/${way}files/c/${id}` };
    });
  }

  async api(request, url) {
    const path = url.pathname;
    if (path === '/api/canned') return [200, { replies: this.canned, macros: this.macros }];
    if (path === '/api/login/methods') return [200, { password: true, oidc: this.oidc }];
    if (path === '/api/search') {
      const wanted = (url.searchParams.get('q') ?? '').toLowerCase();
      const hits = [...this.conversations.values()].flatMap((c) => {
        const event = c.events.find((one) => one.text?.toLowerCase().includes(wanted));
        return event
          ? [{ conversation: c.id, at: event.at, status: c.status, language: c.language, visitor: c.name, snippet: event.text }]
          : [];
      });
      return [200, { conversations: hits }];
    }
    if (path === '/api/me') return [200, { second_factor: false, oidc: false }];
    if (path === '/api/me/second-factor' && request.method === 'PUT') return [200, { recovery: ['aaaa-bbbb', 'cccc-dddd'] }];
    if (path !== '/api/me/settings' && !path.startsWith('/api/drafts/')) return null;
    let raw = '';
    for await (const part of request) raw += part;
    if (request.method === 'PUT') this.kept.set(path, JSON.parse(raw));
    const kept = this.kept.get(path);
    return [200, path.startsWith('/api/drafts/') ? (kept ?? { text: '' }) : { settings: kept ?? {} }];
  }

  // ------------------------------------------------------------------ conversations

  make(language = 'fi') {
    const id = `c_${randomUUID().slice(0, 8)}`;
    const conversation = {
      id,
      status: 'bot',
      language,
      events: [],
      assignee: null,
      waitingSince: null,
      reasons: [],
      priority: 'normal',
      name: null,
      topics: [],
      failed: 0,
    };
    this.conversations.set(id, conversation);
    return conversation;
  }

  log(conversation, event) {
    const whole = { seq: conversation.events.length + 1, at: new Date().toISOString(), ...event };
    conversation.events.push(whole);
    for (const peer of this.visitors) if (peer.conversation === conversation) peer.send(forVisitor(whole));
    for (const peer of this.agents) {
      // As the real one: whoever has not opened it hears nothing, though it be theirs.
      if (peer.opened.has(conversation.id)) {
        peer.send({ type: 'event', conversation: conversation.id, ...shown(whole, peer.language) });
      }
    }
    if (conversation.status === 'queued' || conversation.status === 'assigned') this.pushQueue(conversation);
    return whole.seq;
  }

  say(conversation, role, text, more = {}) {
    return this.log(conversation, {
      kind: 'message',
      author: { role, ...(more.author ?? {}) },
      text,
      language: conversation.language,
      ...(more.buttons ? { buttons: more.buttons } : {}),
    });
  }

  entry(conversation, language = 'en') {
    if (conversation.status !== 'queued' && conversation.status !== 'assigned') return null;
    const last = conversation.events
      .filter((event) => event.kind === 'message' && event.author.role === 'visitor')
      .at(-1);
    const reason = conversation.reasons[0];
    return {
      conversation: conversation.id,
      channel: conversation.channel ?? 'web',
      language: conversation.language,
      status: conversation.status,
      waiting_since: conversation.waitingSince,
      priority: conversation.priority,
      skill: 'general',
      reason: reason ? explained({ code: reason.code, topic: reason.topic ?? null, explanation: '' }, language) : null,
      visitor: { name: conversation.name },
      last_text: last?.text ?? null,
      assignee: conversation.assignee,
      assigned_at: conversation.assignee ? new Date().toISOString() : null,
      snoozed_until: conversation.snoozed ?? null,
      promise: conversation.promise ?? null,
    };
  }

  pushQueue(conversation) {
    for (const peer of this.agents)
      peer.send({ type: 'queue', conversation: conversation.id, entry: this.entry(conversation, peer.language) });
    this.pushStatus();
  }

  /** The owner's box is to be ticked first: where nothing has been said yet. */
  asks(conversation) {
    const begun = conversation.events.some((event) => event.kind === 'message' && event.author.role === 'visitor');
    return this.consent && !conversation.agreed && !begun;
  }

  /** What stands on a visitor's page all the time. */
  greeting(conversation) {
    return {
      notice: SYSTEM[conversation.language].notice,
      open: this.open.now,
      opens_at: this.open.opens_at,
      opening: this.open.text,
      response: this.response,
      zones: this.zones,
      announcements: this.announcements,
    };
  }

  /** From now on the conversation is in this language, and so is what stands on its pages. */
  turn(conversation, language, role) {
    conversation.language = language;
    this.log(conversation, { kind: 'language', language, author: { role } });
    for (const peer of this.visitors)
      if (peer.conversation === conversation) peer.send({ type: 'greeting', language, ...this.greeting(conversation) });
  }

  pushStatus() {
    const line = [...this.conversations.values()]
      .filter((c) => c.status === 'queued')
      .sort((a, b) => a.waitingSince.localeCompare(b.waitingSince));
    for (const peer of this.visitors) {
      const { conversation } = peer;
      const place = line.indexOf(conversation);
      peer.send({
        type: 'status',
        status: conversation.status,
        ...(place >= 0
          ? {
              position: place + 1,
              ahead: place,
              eta_s: place > 0 ? [place * 120, place * 300] : null,
              agents: this.agents.size,
              choices: this.choices,
              open: this.open.now,
              opens_at: this.open.opens_at,
            }
          : {}),
      });
    }
  }

  handoff(conversation, reasons, priority = 'normal') {
    conversation.reasons.push(...reasons);
    conversation.priority = priority;
    if (conversation.status === 'queued') return;
    conversation.status = 'queued';
    conversation.waitingSince ??= new Date().toISOString();
    this.log(conversation, { kind: 'handoff', author: { role: 'system' }, reasons });
    this.say(conversation, 'system', SYSTEM[conversation.language].queued);
    this.pushQueue(conversation);
  }

  visitorSays(conversation, text, clientId, button, files) {
    if (conversation.status === 'resolved') conversation.status = 'bot';
    const seq = this.log(conversation, {
      kind: 'message',
      author: { role: 'visitor' },
      text,
      language: conversation.language,
      client_id: clientId,
      ...(files?.length ? { attachments: this.attached(files) } : {}),
    });
    if (conversation.status !== 'bot' || !text) return seq;
    const turn = answer(text, conversation.language, button);
    this.log(conversation, { kind: 'nlu', author: { role: 'bot' }, of: seq, ...turn.nlu });
    if (turn.language !== conversation.language) this.turn(conversation, turn.language, 'bot');
    conversation.topics.push({
      topic: turn.nlu.topic,
      confidence: turn.nlu.confidence,
      runners_up: turn.nlu.runners_up,
      answered: !turn.reasons && turn.nlu.confidence > 0.5,
      of: seq,
    });
    setTimeout(() => {
      if (conversation.status !== 'bot') return;
      for (const reply of turn.replies) this.say(conversation, 'bot', reply.text, { buttons: reply.buttons });
      if (turn.reasons)
        this.handoff(
          conversation,
          turn.reasons.map((reason) => ({ ...reason, of: seq })),
          turn.priority,
        );
    }, this.botDelay);
    return seq;
  }

  book(conversation, frame) {
    if (frame.phone && /^0+$/.test(frame.phone)) return { error: 'bad_request', more: { field: 'phone' } };
    const window = this.choices.flatMap((choice) => choice.windows ?? []).find((one) => one.id === frame.window);
    const callback = {
      id: randomUUID(),
      kind: frame.phone ? 'phone' : 'email',
      from: window?.from,
      to: window?.to,
      by: window?.to ?? this.choices.find((choice) => choice.kind === 'email')?.by,
      state: 'booked',
    };
    const text = SYSTEM[conversation.language][callback.kind];
    this.log(conversation, { kind: 'callback', author: { role: 'system' }, callback, text, language: conversation.language });
    const task = {
      ...callback,
      conversation: conversation.id,
      [callback.kind]: frame.phone ?? frame.email,
      name: frame.name ?? null,
      language: conversation.language,
      skill: 'general',
      assignee: null,
      due: false,
      late: false,
    };
    this.callbacks.push(task);
    for (const peer of this.agents) peer.send({ type: 'callback', task });
    return { callback };
  }

  packet(conversation, language) {
    if (!conversation.reasons.length) return null;
    return {
      conversation: conversation.id,
      channel: conversation.channel ?? 'web',
      language: conversation.language,
      requested_at: conversation.waitingSince,
      waiting_since: conversation.waitingSince,
      priority: conversation.priority,
      skill: 'general',
      reasons: conversation.reasons.map((reason) => explained(reason, language)),
      topics: conversation.topics.map((topic) => ({ ...topic, title: TITLES[language][topic.topic] })),
      failed_turns: conversation.failed,
      entities: conversation.entities ?? {},
      slots: {},
      visitor: { name: conversation.name, page: conversation.page ?? null, earlier: [] },
      summary: conversation.summary ?? '',
      masked: conversation.masked ?? 0,
    };
  }

  // ------------------------------------------------------------------ sockets

  once(ws, frame, act) {
    const known = this.answers.get(frame.id);
    if (known) return ws.send(JSON.stringify(known));
    let reply;
    if (this.refuse.has(frame.type)) reply = { type: 'error', id: frame.id, code: 'bad_request', message: 'not yet' };
    else {
      const result = act();
      reply = result?.error
        ? { type: 'error', id: frame.id, code: result.error, message: '', ...(result.more ?? {}) }
        : { type: 'ack', id: frame.id, ...result };
    }
    if (frame.id) this.answers.set(frame.id, reply);
    ws.send(JSON.stringify(reply));
  }

  visitor(ws) {
    const peer = { conversation: null, send: (frame) => ws.readyState === 1 && ws.send(JSON.stringify(frame)) };
    ws.on('close', () => this.visitors.delete(peer));
    ws.on('message', (data) => {
      const frame = JSON.parse(String(data));
      if (frame.type === 'ping') return peer.send({ type: 'pong' });
      if (!peer.conversation) return this.visitorHello(ws, peer, frame);
      const { conversation } = peer;
      if (this.asks(conversation) && ['message', 'request_handoff', 'callback', 'rating'].includes(frame.type))
        return this.once(ws, frame, () => ({ error: 'forbidden', more: { reason: 'agree' } }));
      switch (frame.type) {
        case 'typing':
          for (const agent of this.agents) {
            if (agent.opened.has(conversation.id))
              agent.send({ type: 'typing', conversation: conversation.id, role: 'visitor', on: frame.on });
          }
          return;
        case 'message':
          // One too many, as a hub says it that is asked too much: the same again is taken.
          if (frame.text?.startsWith('/many') && !this.limited.has(frame.id)) {
            this.limited.add(frame.id);
            return peer.send({ type: 'error', id: frame.id, code: 'rate_limited', message: '', retry_after: 1 });
          }
          return this.once(ws, frame, () => {
            const offered = conversation.events
              .flatMap((event) => event.buttons ?? [])
              .find((button) => button.id === frame.button);
            if (frame.button && !offered) return { error: 'bad_request' };
            if (frame.text === '/fail') return { error: 'forbidden' };
            const text = offered?.title ?? frame.text ?? '';
            return { seq: this.visitorSays(conversation, text, frame.id, frame.button, frame.attachments) };
          });
        case 'request_handoff':
          return this.once(ws, frame, () => {
            this.handoff(conversation, [
              { code: 'asked', topic: 'human/talk_to_human', explanation: '', evidence: [] },
            ]);
            return {};
          });
        case 'cancel_handoff':
          return this.once(ws, frame, () => {
            conversation.status = 'bot';
            conversation.waitingSince = null;
            this.say(conversation, 'system', SYSTEM[conversation.language].cancelled);
            this.pushQueue(conversation);
            return {};
          });
        case 'language':
          return this.once(ws, frame, () => {
            this.turn(conversation, frame.value, 'visitor');
            return {};
          });
        case 'end':
          return this.once(ws, frame, () => (this.resolve(conversation), {}));
        case 'rating':
          return this.once(ws, frame, () => {
            this.log(conversation, { kind: 'rating', score: frame.score, rated: frame.of, author: { role: 'visitor' } });
            return {};
          });
        case 'agree':
          return this.once(ws, frame, () => {
            conversation.agreed = true;
            this.log(conversation, { kind: 'agreed', author: { role: 'visitor' } });
            return { agreed: true };
          });
        case 'callback_cancel':
          return this.once(ws, frame, () => {
            const task = this.callbacks.findLast((one) => one.conversation === conversation.id);
            task.state = 'cancelled';
            const callback = { id: task.id, kind: task.kind, from: task.from, to: task.to, by: task.by, state: 'cancelled' };
            this.log(conversation, { kind: 'callback', author: { role: 'visitor' }, callback, text: SYSTEM[conversation.language].uncalled });
            for (const peer of this.agents) peer.send({ type: 'callback', task });
            return { callback };
          });
        case 'email_transcript':
          return this.once(ws, frame, () => {
            if (!frame.email.endsWith('.example')) return { error: 'bad_request', more: { field: 'email' } };
            this.mails.push(frame.email);
            return { sent: true };
          });
        case 'export':
          return this.once(ws, frame, () => ({ url: '/api/visitor/export?key=once' }));
        case 'callback':
          return this.once(ws, frame, () => this.book(conversation, frame));
        case 'consent':
          return this.once(ws, frame, () => {
            conversation.consent = frame.language;
            this.choices = this.choices.filter((choice) => choice.kind !== 'other_language');
            this.pushStatus();
            return { language: frame.language };
          });
        case 'transcript':
          return this.once(ws, frame, () => ({
            text: conversation.events
              .filter((event) => event.text)
              .map((event) => `${event.at.slice(0, 16)} ${event.author.role}: ${event.text}`)
              .join('\n'),
          }));
        case 'erase':
          return this.once(ws, frame, () => {
            this.conversations.delete(conversation.id);
            for (const [token, its] of this.tokens) if (its === conversation) this.tokens.delete(token);
            return {};
          });
        default:
          return peer.send({ type: 'error', id: frame.id, code: 'bad_request', message: 'unknown type' });
      }
    });
  }

  visitorHello(ws, peer, frame) {
    let conversation;
    let token = frame.token;
    if (token) {
      conversation = this.tokens.get(token);
      if (!conversation) {
        peer.send({ type: 'error', code: 'unauthorized', message: '' });
        return ws.close(1008);
      }
    } else {
      token = randomUUID();
      conversation = this.make(frame.language);
      conversation.page = frame.page;
      this.tokens.set(token, conversation);
      this.say(conversation, 'bot', GREETING[conversation.language].text, {
        buttons: GREETING[conversation.language].buttons,
      });
    }
    peer.conversation = conversation;
    this.visitors.add(peer);
    peer.send({
      type: 'welcome',
      token,
      conversation: conversation.id,
      status: conversation.status,
      language: conversation.language,
      last: conversation.events.length,
      ...this.greeting(conversation),
      may: this.may,
      consent: this.asks(conversation),
    });
    for (const event of conversation.events.slice(frame.after ?? 0)) peer.send(forVisitor(event));
    if (conversation.status === 'queued') this.pushStatus();
  }

  agent(ws) {
    const peer = {
      agent: null,
      opened: new Set(),
      send: (frame) => ws.readyState === 1 && ws.send(JSON.stringify(frame)),
    };
    ws.on('close', () => this.agents.delete(peer));
    ws.on('message', (data) => {
      const frame = JSON.parse(String(data));
      if (frame.type === 'ping') return peer.send({ type: 'pong' });
      if (!peer.agent) return this.agentHello(ws, peer, frame);
      const conversation = this.conversations.get(frame.conversation);
      if (frame.type === 'typing') {
        for (const visitor of this.visitors)
          if (visitor.conversation === conversation) visitor.send({ type: 'typing', role: 'agent', on: frame.on });
        const { id, name } = peer.agent;
        for (const other of this.agents)
          if (other !== peer && other.opened.has(conversation?.id))
            other.send({ type: 'typing', conversation: conversation.id, role: 'agent', id, name, on: frame.on });
        return;
      }
      if (frame.type === 'read') {
        if (conversation?.assignee?.id === peer.agent.id)
          for (const visitor of this.visitors)
            if (visitor.conversation === conversation) visitor.send({ type: 'read', of: frame.of });
        return;
      }
      if (frame.type === 'viewing') {
        const beside = (conversation, on) => {
          for (const other of this.agents)
            if (other !== peer && other.opened.has(conversation))
              other.send({ type: 'viewing', conversation, id: peer.agent.id, name: peer.agent.name, on });
        };
        if (peer.viewing && peer.viewing !== frame.conversation) beside(peer.viewing, false);
        peer.viewing = frame.conversation;
        if (peer.viewing) beside(peer.viewing, true);
        return;
      }
      if (['callback_take', 'callback_release', 'callback_done', 'callback_move', 'announce', 'announce_end'].includes(frame.type))
        return this.once(ws, frame, () => this.task(peer, frame));
      if (frame.type === 'presence') {
        peer.presence = frame.value;
        return this.once(ws, frame, () => ({}));
      }
      if (!conversation) return peer.send({ type: 'error', id: frame.id, code: 'not_found', message: '' });
      const author = { role: 'agent', id: peer.agent.id, name: peer.agent.name };
      const owned = conversation.assignee?.id === peer.agent.id;
      if (frame.type === 'open') {
        peer.opened.add(conversation.id);
        peer.send({
          type: 'ack',
          id: frame.id,
          handoff: this.packet(conversation, peer.language),
          status: conversation.status,
          language: conversation.language,
          last: conversation.events.length,
          assignee: conversation.assignee,
        });
        for (const event of conversation.events.slice(frame.after ?? 0))
          peer.send({ type: 'event', conversation: conversation.id, ...shown(event, peer.language) });
        return;
      }
      this.once(ws, frame, () => {
        if (frame.type === 'claim') {
          if (conversation.assignee) return { error: 'conflict', more: { assignee: conversation.assignee } };
          peer.opened.add(conversation.id);
          this.assign(conversation, peer.agent);
          return {};
        }
        if (frame.type === 'note') {
          const called = Object.values(AGENTS).filter((one) => frame.text.includes(`@${one.name}`));
          for (const other of this.agents)
            if (called.some((one) => one.id === other.agent.id))
              other.send({ type: 'alert', id: `m${conversation.id}`, kind: 'mention', conversation: conversation.id, text: `${author.name} @` });
          const mentions = called.map((one) => one.id);
          return { seq: this.log(conversation, { kind: 'note', author, text: frame.text, client_id: frame.id, mentions }) };
        }
        if (frame.type === 'clear') {
          const values = this.covered.get(frame.of);
          return values ? { of: frame.of, values } : { error: 'not_found' };
        }
        if (frame.type === 'suggest') return { answers: this.answersFor?.(conversation) ?? [] };
        if (frame.type === 'accept') {
          if (!this.offers.delete(conversation.id)) return { error: 'conflict' };
          peer.opened.add(conversation.id);
          this.assign(conversation, peer.agent);
          return {};
        }
        if (frame.type === 'decline') {
          this.offers.delete(conversation.id);
          return {};
        }
        if (frame.type === 'join' || frame.type === 'leave') {
          conversation.joined = frame.type === 'join' ? peer.agent.id : null;
          return {};
        }
        if (frame.type === 'decide') {
          const approval = { id: frame.approval, state: frame.approved ? 'approved' : 'refused' };
          return { seq: this.log(conversation, { kind: 'approval', author, approval }) };
        }
        if (!owned && conversation.joined !== peer.agent.id) return { error: 'forbidden' };
        if (frame.type === 'transfer') {
          const to = [...this.agents].map((other) => other.agent).find((agent) => agent.id === frame.to.agent);
          this.log(conversation, { kind: 'transferred', author, note: frame.note ?? null });
          if (to) this.assign(conversation, to);
          else {
            conversation.assignee = null;
            conversation.status = 'queued';
            this.pushQueue(conversation);
          }
          return { status: conversation.status };
        }
        if (frame.type === 'snooze') {
          conversation.snoozed = frame.until;
          conversation.promise = frame.promise ? { by: frame.until, text: frame.promise } : null;
          // The visitor reads what is promised, as they do with the real one.
          if (frame.promise)
            this.log(conversation, { kind: 'message', author, text: frame.promise, language: conversation.language });
          this.pushQueue(conversation);
          return {};
        }
        if (frame.type === 'ask_help') return { seq: this.log(conversation, { kind: 'note', author, text: frame.note }) };
        if (frame.type === 'request_approval') {
          const approval = { id: randomUUID(), kind: frame.kind, text: frame.text, amount: frame.amount, state: 'asked' };
          return { seq: this.log(conversation, { kind: 'approval', author, approval }) };
        }
        if (frame.type === 'message') {
          return {
            seq: this.log(conversation, {
              kind: 'message',
              author,
              text: frame.text ?? '',
              language: conversation.language,
              client_id: frame.id,
              ...(frame.attachments?.length ? { attachments: this.attached(frame.attachments) } : {}),
            }),
          };
        }
        if (frame.type === 'resolve') {
          this.resolve(conversation, author);
          return {};
        }
        if (frame.type === 'return_to_bot') {
          conversation.assignee = null;
          conversation.waitingSince = null;
          conversation.status = 'bot';
          if (frame.note) this.log(conversation, { kind: 'note', author, text: frame.note });
          this.log(conversation, {
            kind: 'returned_to_bot',
            author,
            text: SYSTEM[conversation.language].returned_to_bot,
            language: conversation.language,
          });
          this.pushQueue(conversation);
          return {};
        }
        return { error: 'bad_request' };
      });
    });
  }

  assign(conversation, { id, name }) {
    conversation.assignee = { id, name };
    conversation.status = 'assigned';
    this.log(conversation, {
      kind: 'assigned',
      author: { role: 'agent', id, name },
      text: SYSTEM[conversation.language].assigned.replace('{name}', name),
      language: conversation.language,
    });
    this.pushQueue(conversation);
  }

  /** Offers a conversation to everybody who is there; the lease does not end by itself here. */
  offer(conversation, seconds = 20) {
    this.offers.set(conversation.id, true);
    const expires_at = new Date(Date.now() + seconds * 1_000).toISOString();
    const entry = this.entry(conversation);
    for (const peer of this.agents)
      peer.send({ type: 'offer', conversation: conversation.id, expires_at, left_s: seconds, entry, why: ['language', 'idle_longest'] });
  }

  alert(alert) {
    for (const peer of this.agents) peer.send({ type: 'alert', ...alert });
  }

  task(peer, frame) {
    if (frame.type === 'announce') {
      this.announce({ id: frame.id, text: frame.texts.en });
      for (const other of this.agents) other.send({ type: 'announcement', id: frame.id, text: frame.texts.en });
      return {};
    }
    if (frame.type === 'announce_end') {
      this.announce({ id: frame.announcement, ended: true });
      for (const other of this.agents) other.send({ type: 'announcement', id: frame.announcement, ended: true });
      return {};
    }
    const task = this.callbacks.find((one) => one.id === frame.callback);
    if (!task) return { error: 'not_found' };
    if (frame.type === 'callback_take') task.assignee = { id: peer.agent.id, name: peer.agent.name };
    if (frame.type === 'callback_release') task.assignee = null;
    if (frame.type === 'callback_done') Object.assign(task, { state: 'done', outcome: frame.outcome });
    for (const other of this.agents) other.send({ type: 'callback', task: { ...task } });
    return {};
  }

  resolve(conversation, author = { role: 'visitor' }) {
    conversation.assignee = null;
    conversation.waitingSince = null;
    conversation.status = 'resolved';
    this.log(conversation, {
      kind: 'resolved',
      author,
      text: SYSTEM[conversation.language].resolved,
      language: conversation.language,
    });
    this.pushQueue(conversation);
  }

  agentHello(ws, peer, frame) {
    const agent = this.socketTokens.get(frame.token);
    this.socketTokens.delete(frame.token);
    if (!agent) {
      peer.send({ type: 'error', code: 'unauthorized', message: '' });
      return ws.close(1008);
    }
    peer.agent = agent;
    peer.language = frame.language ?? 'en';
    this.agents.add(peer);
    const all = [...this.conversations.values()];
    peer.send({
      type: 'welcome',
      now: new Date().toISOString(),
      agent: publicAgent(agent),
      presence: 'online',
      queue: all.map((c) => this.entry(c, peer.language)).filter(Boolean),
      mine: all
        .filter((c) => c.assignee?.id === agent.id)
        .map((c) => ({ conversation: c.id, status: c.status, last: c.events.length })),
      agents: Object.values(AGENTS).map(({ password: _, ...one }) => ({
        ...one,
        presence: [...this.agents].some((peer) => peer.agent === AGENTS[one.email] || peer.agent.id === one.id) ? 'online' : 'away',
        load: all.filter((c) => c.assignee?.id === one.id).length,
      })),
      callbacks: this.callbacks,
      may: { clear: this.covered.size > 0 },
      announcements: this.announcements,
    });
    for (const [id, after] of Object.entries(frame.cursors ?? {})) {
      const conversation = this.conversations.get(id);
      if (!conversation) continue;
      peer.opened.add(id);
      for (const event of conversation.events.slice(after)) peer.send({ type: 'event', conversation: id, ...shown(event, peer.language) });
    }
  }
}

/** An event as an agent reads it: topics and reasons in words. */
function shown(event, language) {
  if (event.kind === 'nlu' && event.topic) return { ...event, title: TITLES[language][event.topic] };
  if (event.kind === 'handoff') return { ...event, reasons: event.reasons.map((reason) => explained(reason, language)) };
  return event;
}

function forVisitor(event) {
  if (event.kind === 'note' || event.kind === 'nlu') return { type: 'event', seq: event.seq, kind: 'hidden' };
  return { type: 'event', ...event };
}

function publicAgent({ password: _password, ...agent }) {
  return agent;
}
