import { describe, expect, test } from 'vitest';
import { hasHelm, template } from '../chart/helm.ts';
import { changes, currentRevision, refuseDemo } from './upgrade.ts';

const rendered = (values: string[], ...set: string[]) => {
  const { ok, text } = template(values, ...set.flatMap((each) => ['--set', each]));
  if (!ok) throw new Error(text);
  return text;
};

describe.skipIf(!hasHelm)('an upgrade', () => {
  test('from a real shop to a demo is refused in one line that names the settings and the override', () => {
    const [real, demo] = [rendered(['production']), rendered(['demo'])];
    expect(() => refuseDemo(real, demo)).toThrow(
      'SEED would change from none to demo, PAYMENT_PROVIDER would change from stripe to fake. Nothing was changed.',
    );
    expect(() => refuseDemo(real, demo)).toThrow('--force-demo');
    expect(() => refuseDemo(real, demo)).toThrow(/^[^\n]+$/);
  });

  test('that adds one setting of a demo is refused', () => {
    const own = rendered(['demo'], 'global.env.SEED=none');
    expect(() => refuseDemo(own, rendered(['demo']))).toThrow('SEED would change from none to demo');
    expect(() => refuseDemo(own, own)).not.toThrow();
  });

  test.each([
    ['a demo that stays one', ['demo'], ['demo']],
    ['a demo that becomes one process, and back', ['demo', 'small'], ['demo']],
    ['a demo that becomes a real shop', ['demo'], ['production']],
    ['a real shop that stays one', ['production'], ['production']],
  ])('of %s is made', (_, before, after) => {
    expect(() => refuseDemo(rendered(before), rendered(after))).not.toThrow();
    expect(() => refuseDemo(rendered(after), rendered(after))).not.toThrow();
  });

  test('lists each change once, with its resources', () => {
    const before = rendered(['demo'], 'global.image.tag=a1');
    expect(changes(before, before)).toEqual([]);
    const set = [
      'global.env.STRIPE_API_URL=https://me:secret@stripe.test/',
      'global.image.tag=b2',
      'orders.replicas.max=5',
      'global.env.LOG_LEVEL=warn',
      'ingress.enabled=false',
    ];
    const lines = changes(before, rendered(['demo'], ...set));
    expect(lines).toContain('- Ingress/shop');
    expect(lines).toContainEqual(
      expect.stringMatching(/^~ spec\.maxReplicas: \d → 5 \(HorizontalPodAutoscaler\/orders\)$/),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^~ image: shop:a1 → shop:b2 \(Deployment\/accounts, .*Deployment\/payments\)$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^~ env\.LOG_LEVEL: not set → warn \(.*Deployment\/orders/));
    expect(lines.join()).not.toContain('Secret/');
    expect(lines.join()).toContain('https://…@stripe.test/');
  });
});

test('an upgrade keeps the values of the deployed revision, not of a failed one', () => {
  const history = (...statuses: string[]) =>
    `WARNING: something\n${JSON.stringify(statuses.map((status, i) => ({ revision: i + 1, status })))}`;
  expect(currentRevision(history('superseded', 'deployed', 'failed', 'pending-upgrade'))).toBe('2');
  expect(currentRevision(history('superseded', 'superseded', 'deployed'))).toBe('3');
  expect(currentRevision(history('failed'))).toBe('1');
});
