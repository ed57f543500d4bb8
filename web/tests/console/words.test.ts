import { describe, expect, it } from 'vitest';
import { entityName } from '../../src/console/words';

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
