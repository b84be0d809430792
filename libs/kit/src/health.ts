// Readiness: whether this process can do its work now. Modules register what they cannot work without.
import { Global, Injectable, Module } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';

/** A dependency that does not answer in this time is reported as down. */
const CHECK_MS = 1500;

interface Check {
  check: () => Promise<unknown>;
  without: 'down' | 'degraded';
}

@Injectable()
export class Health {
  private readonly checks = new Map<string, Check>();
  private state: 'starting' | 'serving' | 'draining' = 'starting';

  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Without `name` answering, this process is `down`: it can do nothing, or `degraded`: ready, but not for everything. */
  register(name: string, check: () => Promise<unknown>, without: 'down' | 'degraded' = 'down'): void {
    this.checks.set(name, { check, without });
  }

  serve(): void {
    this.state = 'serving';
  }

  drain(): void {
    this.state = 'draining';
  }

  get isDraining(): boolean {
    return this.state === 'draining';
  }

  /** Rejects with terminus' ServiceUnavailableException, which names what is down. */
  ready(): Promise<HealthCheckResult> {
    const indicators = [...this.checks].map(
      ([name, check]) =>
        () =>
          this.indicate(name, check),
    );
    return this.terminus.check([() => this.indicateProcess(), ...indicators]);
  }

  private async indicateProcess() {
    const indicator = this.indicators.check('process');
    return this.state === 'serving' ? indicator.up() : indicator.down(this.state);
  }

  private async indicate(name: string, { check, without }: Check) {
    const indicator = this.indicators.check(name);
    try {
      await Promise.race([check(), rejectAfter(CHECK_MS)]);
      return indicator.up();
    } catch (error) {
      const why = error instanceof Error ? error.message || error.name : String(error);
      return without === 'down' ? indicator.down(why) : indicator.degraded(why);
    }
  }
}

function rejectAfter(ms: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms).unref());
}

@Global()
@Module({ imports: [TerminusModule.forRoot({ logger: false })], providers: [Health], exports: [Health] })
export class HealthModule {}
