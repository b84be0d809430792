// Readiness: whether this process can do its work now. Modules register what they cannot work without.
import { Global, Injectable, Module } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';

/** A dependency that does not answer in this time is reported as down. */
const CHECK_MS = 1500;

/** A process that has just started is given so long to reach all it uses: a network may hear of it later than it starts. */
const NEW_MS = 5000;

interface Check {
  check: () => Promise<unknown>;
  without: 'down' | 'degraded';
}

@Injectable()
export class Health {
  private readonly checks = new Map<string, Check>();
  private state: 'starting' | 'serving' | 'draining' = 'starting';
  private newUntil = Infinity;

  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /**
   * Without `name` answering, this process is `down`: it can do nothing, or, a while after its start, `degraded`: ready, but
   * not for everything.
   */
  register(name: string, check: () => Promise<unknown>, without: 'down' | 'degraded' = 'down'): void {
    this.checks.set(name, { check, without });
  }

  serve(): void {
    this.state = 'serving';
    this.newUntil = performance.now() + NEW_MS;
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
      const isNeeded = without === 'down' || performance.now() < this.newUntil;
      return isNeeded ? indicator.down(why) : indicator.degraded(why);
    }
  }
}

function rejectAfter(ms: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms).unref());
}

@Global()
@Module({ imports: [TerminusModule.forRoot({ logger: false })], providers: [Health], exports: [Health] })
export class HealthModule {}
