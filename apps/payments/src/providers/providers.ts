// The payment providers in use. The configured one takes new charges. Everything that follows from a charge goes to the
// provider that made it, as long as its settings are present.
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { PaymentProviderName } from '@shop/contracts/payments';
import { DataSource } from 'typeorm';
import { missingSettings, paymentsConfig, type PaymentsConfig } from '../payments.config.js';
import { ProviderUnreachable, type PaymentProvider } from './provider.js';
import { providerTable } from './provider-table.js';

/** A provider whose settings are missing. It was not asked, so nothing was charged. */
export class ProviderNotConfigured extends ProviderUnreachable {
  override readonly name = 'ProviderNotConfigured';
}

@Injectable()
export class Providers implements OnModuleInit {
  private readonly created = new Map<PaymentProviderName, Promise<PaymentProvider>>();

  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    @Inject(paymentsConfig.token) private readonly config: PaymentsConfig,
  ) {}

  /** The provider that takes new charges. */
  get current(): PaymentProviderName {
    return this.config.PAYMENT_PROVIDER;
  }

  async onModuleInit(): Promise<void> {
    await this.of(this.current);
  }

  /** Throws ProviderNotConfigured, naming the settings that are missing. */
  async of(name: string): Promise<PaymentProvider> {
    const { data: known } = PaymentProviderName.safeParse(name);
    if (!known) throw new ProviderNotConfigured(`there is no payment provider ${name}`);
    const missing = missingSettings(this.config, known);
    if (missing.length > 0)
      throw new ProviderNotConfigured(`the payment provider ${name} needs ${missing.join(' and ')}`);
    let provider = this.created.get(known);
    if (!provider) this.created.set(known, (provider = providerTable[known].create(this.config, this.db)));
    return provider;
  }
}
