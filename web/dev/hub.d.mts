export interface FakeConversation {
  id: string;
  status: string;
  language: string;
  events: { seq: number; kind: string; text?: string; author?: { role: string; name?: string }; client_id?: string }[];
  waitingSince: string | null;
  name: string | null;
  page?: string;
}

export class Hub {
  constructor(options?: { botDelay?: number });
  origin: string;
  port: number;
  conversations: Map<string, FakeConversation>;
  refuse: Set<string>;
  covered: Map<number, { kind: string; value: string }[]>;
  cspReports: string[];
  choices: object[];
  open: { now: boolean; opens_at: string | null; text: string | null };
  response: string | null;
  may: Record<string, boolean>;
  consent: boolean;
  mails: string[];
  files: Map<string, { name: string; type: string; size: number }>;
  announcements: object[];
  callbacks: Record<string, unknown>[];
  canned: object[];
  macros: object[];
  oidc: { name: string; url: string } | null;
  secondFactor: Set<string>;
  agents: Set<{ send(frame: object): void; agent: { id: string } }>;
  kept: Map<string, { text?: string }>;
  answersFor?: (conversation: FakeConversation) => object[];
  offer(conversation: FakeConversation, seconds?: number): void;
  alert(alert: object): void;
  pushStatus(): void;
  book(conversation: FakeConversation, frame: object): object;
  announce(announcement: { id: string; text?: string; ended?: boolean }): void;
  tokens: Map<string, FakeConversation>;
  listen(port?: number): Promise<this>;
  drop(code?: number): void;
  close(): Promise<void>;
  make(language?: string): FakeConversation;
  say(conversation: FakeConversation, role: string, text: string, more?: object): number;
  visitorSays(conversation: FakeConversation, text: string, clientId: string): number;
  handoff(conversation: FakeConversation, reasons: object[], priority?: string): void;
  pushQueue(conversation: FakeConversation): void;
}
