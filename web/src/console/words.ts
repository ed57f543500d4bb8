/** Small pieces of wording that several views share. */
import { type Conversation } from '../core/agent';
import { type AgentState } from '../core/agent';
import { isLanguage, type QueueEntry } from '../core/protocol';
import type { ConsoleKey, ConsoleTexts } from './desk';

/** How long since `at`: in minutes, from an hour on in hours and minutes. */
export function since(at: string, now: number, t: ConsoleTexts): string {
  const minutes = Math.floor(Math.max(0, now - new Date(at).getTime()) / 60_000);
  if (!Number.isFinite(minutes) || minutes < 1) return t('now');
  if (minutes < 60) return t('minutes', { n: minutes });
  return t('hours', { h: Math.floor(minutes / 60), m: minutes % 60 });
}

/** As `since`, but always a figure. */
export function minutesSince(at: string, now: number, t: ConsoleTexts): string {
  return now - new Date(at).getTime() < 60_000 ? t('minutes', { n: 0 }) : since(at, now, t);
}

/** How long a wait is, for its colour: the words beside it say the same. */
export function urgency(at: string, now: number): 'fresh' | 'warm' | 'hot' {
  const minutes = (now - new Date(at).getTime()) / 60_000;
  return minutes < 5 ? 'fresh' : minutes < 15 ? 'warm' : 'hot';
}

/** The visitor's name, or a short mark by which two unnamed visitors can be told apart. */
export function visitorName(id: string, name: string | null | undefined, t: ConsoleTexts): string {
  return (
    name ||
    t('visitor', {
      code: id
        .replace(/[^A-Za-z0-9]/g, '')
        .slice(-4)
        .toUpperCase(),
    })
  );
}

export function languageName(tag: string | undefined, t: ConsoleTexts): string {
  return isLanguage(tag) ? t(tag) : (tag ?? '').toUpperCase();
}

const REASONS: Readonly<Record<string, ConsoleKey>> = {
  asked: 'reasonAsked',
  human_topic: 'reasonHumanTopic',
  emotion: 'reasonEmotion',
  not_understood: 'reasonNotUnderstood',
  answer_did_not_help: 'reasonAnswerDidNotHelp',
  bot_unavailable: 'reasonBotUnavailable',
  agent_stepped_in: 'reasonAgentSteppedIn',
};

/** Why a person is needed: the hub's explanation, else our words for the code. */
export function reasonText(
  reason: { code: string; topic?: string | null; explanation?: string } | null | undefined,
  t: ConsoleTexts,
): string {
  if (!reason) return '';
  if (reason.explanation) return reason.explanation;
  const key = REASONS[reason.code];
  return key ? t(key, { topic: topicName(reason.topic, t) }) : reason.code;
}

const SMALL_TALK: Readonly<Record<string, ConsoleKey>> = {
  greet: 'talkGreet',
  goodbye: 'talkGoodbye',
  thanks: 'talkThanks',
  affirm: 'talkAffirm',
  deny: 'talkDeny',
  how_are_you: 'talkHowAreYou',
  bot_identity: 'talkBotIdentity',
  capabilities: 'talkCapabilities',
  compliment: 'talkCompliment',
  switch_language: 'talkSwitchLanguage',
  rephrase: 'talkRephrase',
  stop: 'talkStop',
  out_of_scope: 'talkOutOfScope',
};

/** A topic as agents read it: by the owner's title where the hub gives one, else from its name. */
export function topicName(topic: string | null | undefined, t: ConsoleTexts, title?: string): string {
  // A topic without a title of its own is told by its code.
  if (title && title !== topic) return title;
  const talk = SMALL_TALK[topic ?? ''];
  return talk ? t(talk) : (topic ?? '').replace(/^(faq|human)\//, '').replace(/_/g, ' ');
}

const EMOTIONS: Readonly<Record<string, ConsoleKey>> = {
  hot_anger: 'emotionHotAnger',
  cold_anger: 'emotionColdAnger',
  sadness: 'emotionSadness',
  fear: 'emotionFear',
  despair: 'emotionDespair',
};

/** What the bot read between the lines, in words; one that is not known here by its code. */
export function emotionName(emotion: string, t: ConsoleTexts): string {
  const key = Object.hasOwn(EMOTIONS, emotion) ? EMOTIONS[emotion] : undefined;
  return key ? t(key) : emotion.replace(/_/g, ' ');
}

export function priorityName(priority: string | undefined, t: ConsoleTexts): string {
  return priority === 'urgent' ? t('priorityUrgent') : priority === 'high' ? t('priorityHigh') : t('priorityNormal');
}

/** Where a conversation stands, seen by this agent. */
export function standing(conversation: Conversation, state: AgentState, t: ConsoleTexts): string {
  switch (conversation.status) {
    case 'queued':
      return t('statusQueued');
    case 'assigned':
      if (conversation.assignee?.id === state.agent?.id) return t('statusMine');
      return t('statusAssigned', { name: conversation.assignee?.name ?? '' });
    case 'resolved':
      return t('statusResolved');
    default:
      return t('statusBot');
  }
}

/** The queue's entry of a conversation, if the hub lists it. */
export function entryOf(state: AgentState, id: string): QueueEntry | undefined {
  return state.queue.get(id);
}

/** A skill as the owner named it, readable. */
export function skillName(skill: string, t: ConsoleTexts): string {
  return skill === 'general' ? t('skillGeneral') : skill.replace(/_/g, ' ');
}

const ENTITIES: Readonly<Record<string, ConsoleKey>> = {
  order_number: 'entityOrderNumber',
  product_code: 'entityProductCode',
  email: 'entityEmail',
  phone: 'entityPhone',
  amount: 'entityAmount',
  date: 'entityDate',
  postal_code: 'entityPostalCode',
};

/** What was found in a message, as agents read it; one that is not known here by its own name. */
export function entityName(name: string, t: ConsoleTexts): string {
  const key = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
  return key ? t(key) : name.replace(/_/g, ' ');
}
