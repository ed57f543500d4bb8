import { describe, expect, it } from 'vitest';
import { emotionName, entityName, topicName } from '../../src/console/words';

const t = ((key: string) => `<${key}>`) as unknown as Parameters<typeof entityName>[1];

describe('what was found in a message', () => {
  it('is named in the language of the agent', () => {
    for (const name of ['order_number', 'product_code', 'email', 'phone', 'amount', 'date', 'postal_code']) {
      expect(entityName(name, t)).toMatch(/^<entity\w+>$/);
    }
  });

  it('keeps its own name where the console does not know it, whatever it is', () => {
    expect(entityName('meter_reading', t)).toBe('meter reading');
    expect(entityName('constructor', t)).toBe('constructor');
  });
});

describe('what the bot made of a message', () => {
  it('is told in words, never by a code that has some', () => {
    expect(topicName('out_of_scope', t, 'out_of_scope')).toBe('<talkOutOfScope>');
    expect(topicName('faq/get_refund', t, 'Palautus')).toBe('Palautus');
    expect(topicName('faq/get_refund', t, 'faq/get_refund')).toBe('get refund');
    expect(emotionName('hot_anger', t)).toBe('<emotionHotAnger>');
    expect(emotionName('some_thing', t)).toBe('some thing');
    expect(emotionName('constructor', t)).toBe('constructor');
  });
});
