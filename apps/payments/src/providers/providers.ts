// The payment providers, by name. The configured one takes new charges; whatever follows from a charge goes to the
// provider that took it, as long as its settings are there.
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { FakeProvider } from './fake/fake-provider.js';
import { missingSettings, paymentsConfig, type PaymentsConfig, type ProviderName } from '../payments.config.js';
import { ProviderUnreachable, type PaymentProvider } from './provider.js';

const makers: Record<ProviderName, (config: PaymentsConfig, db: DataSource) => Promise<PaymentProvider>> = {
  fake: (_, db) => Promise.resolve(new FakeProvider(db)),
  // Stripe's SDK takes 20 MB, which a process that does without should not pay.
  stripe: async (config) => (await import('./stripe/stripe-client.js')).stripeProvider(config),
};

export const providerNames = Object.keys(makers) as ProviderName[];

/** The provider that took a charge cannot be asked any more. It was not, so nothing happened. */
export class ProviderNotConfigured extends ProviderUnreachable {
  override readonly name = 'ProviderNotConfigured';
}

@Injectable()
export class Providers implements OnModuleInit {
  private readonly made = new Map<ProviderName, Promise<PaymentProvider>>();

  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    @Inject(paymentsConfig.token) private readonly config: PaymentsConfig,
  ) {}

  /** Takes new charges. */
  get current(): ProviderName {
    return this.config.PAYMENT_PROVIDER;
  }

  async onModuleInit(): Promise<void> {
    await this.of(this.current);
  }

  /** Throws ProviderNotConfigured, naming the settings that are missing. */
  async of(name: string): Promise<PaymentProvider> {
    if (!isKnown(name)) throw new ProviderNotConfigured(`there is no payment provider ${name}`);
    const missing = missingSettings(this.config, name);
    if (missing.length > 0)
      throw new ProviderNotConfigured(`the payment provider ${name} needs ${missing.join(' and ')}`);
    let provider = this.made.get(name);
    if (!provider) this.made.set(name, (provider = makers[name](this.config, this.db)));
    return provider;
  }
}

function isKnown(name: string): name is ProviderName {
  return Object.hasOwn(makers, name);
}
