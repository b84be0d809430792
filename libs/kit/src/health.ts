// Readiness: whether this process can do its work now. Modules register what they cannot work without.
import { Global, Injectable, Module } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';

/** A dependency that does not answer in this time is reported as down. */
const CHECK_MS = 1500;

@Injectable()
export class Health {
  private readonly checks = new Map<string, () => Promise<unknown>>();
  private state: 'starting' | 'serving' | 'draining' = 'starting';

  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Without `name` answering, this process is not ready. */
  register(name: string, check: () => Promise<unknown>): void {
    this.checks.set(name, check);
  }

  serve(): void {
    this.state = 'serving';
  }

  drain(): void {
    this.state = 'draining';
  }

  /** Rejects with terminus' ServiceUnavailableException, which names what is down. */
  ready(): Promise<HealthCheckResult> {
    return this.terminus.check([
      () =>
        this.indicate('process', () =>
          this.state === 'serving' ? Promise.resolve() : Promise.reject(new Error(this.state)),
        ),
      ...[...this.checks].map(
        ([name, check]) =>
          () =>
            this.indicate(name, check),
      ),
    ]);
  }

  private async indicate(name: string, check: () => Promise<unknown>) {
    const indicator = this.indicators.check(name);
    try {
      await Promise.race([check(), rejectAfter(CHECK_MS)]);
      return indicator.up();
    } catch (error) {
      return indicator.down(error instanceof Error ? error.message || error.name : String(error));
    }
  }
}

function rejectAfter(ms: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms).unref());
}

@Global()
@Module({ imports: [TerminusModule.forRoot({ logger: false })], providers: [Health], exports: [Health] })
export class HealthModule {}
