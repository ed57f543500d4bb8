/** What an agent is told of a request that the hub refused. Pure. */
import type { AgentState } from '../core/agent';
import type { Refused } from '../core/connection';
import type { Request } from '../core/protocol';
import type { ConsoleTexts } from './desk';

/** In words; `asked` is the request, where it is known which one. */
export function refusal({ code, frame }: Refused, asked: Request | null, state: AgentState, t: ConsoleTexts): string {
  const who = frame.assignee?.name;
  switch (code) {
    case 'conflict':
      if (asked?.type === 'snooze') return t('promiseStands');
      return who ? t('conflict', { name: who }) : t('conflictUnnamed');
    case 'bad_request':
      return fault(asked, frame.field, state, t);
    case 'forbidden':
      return t('forbidden');
    case 'not_found':
      return t('notFound');
    default:
      return t('notNow');
  }
}

/** What was wrong with a request, by the field that the hub names. */
function fault(asked: Request | null, field: string | undefined, state: AgentState, t: ConsoleTexts): string {
  // A hub that is older than this page.
  if (field === 'type') return t('notSupported');
  switch (`${asked?.type} ${field}`) {
    case 'announce to':
      return t('announceEnds');
    case 'snooze until':
      return t('snoozeAhead');
    case 'callback_move window':
      return t('windowTaken');
    case 'transfer to': {
      const { agent } = asked?.['to'] as { agent?: string };
      const name = agent === undefined ? undefined : state.agents.get(agent)?.name;
      return name ? t('targetLeft', { name }) : t('badDetails');
    }
    default:
      return t('badDetails');
  }
}
