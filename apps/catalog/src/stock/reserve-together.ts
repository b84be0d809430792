// When many want the same product, its row is what they wait for: each statement holds it until its commit is on disk.
// So whoever wants a product that this process is reserving already waits for that statement to end, and then all who
// wait reserve in one statement with one commit. Without such a rush nobody waits, and other products never do.
import type { LineRequest, ReserveResult } from '@shop/contracts/catalog';
import { currentContext, newRequestId, runInContext } from '@shop/kit/context';
import { isOutage } from '@shop/kit/outage';

export interface Asked {
  orderId: string;
  lines: LineRequest[];
  expectedTotalCents?: number;
}

interface Caller extends Asked {
  requestId: string;
  deadlineAt: number;
  resolve(answer: ReserveResult): void;
  reject(error: unknown): void;
}

export class ReserveTogether {
  /** Products in a statement under way, each with the callers that wait for it. */
  private readonly busy = new Map<string, Caller[]>();

  /** `run` answers orders one by one in their order, and does so alike when they are asked for again. */
  constructor(
    private readonly mostOrders: number,
    private readonly run: (orders: Asked[]) => Promise<ReserveResult[]>,
  ) {}

  reserve(asked: Asked): Promise<ReserveResult> {
    return new Promise((resolve, reject) => {
      const { requestId = newRequestId(), deadlineAt = Infinity } = currentContext() ?? {};
      const caller = { ...asked, requestId, deadlineAt, resolve, reject };
      if (this.mostOrders === 1) void this.answer([caller]);
      else this.enter(caller);
    });
  }

  private enter(caller: Caller): void {
    const product = caller.lines.find(({ productId }) => this.busy.has(productId));
    if (product) this.busy.get(product.productId)!.push(caller);
    else void this.start([caller]);
  }

  private async start(callers: Caller[]): Promise<void> {
    const taken = new Set(callers.flatMap(({ lines }) => lines.map(({ productId }) => productId)));
    const own = [...taken].filter((productId) => !this.busy.has(productId));
    for (const productId of own) this.busy.set(productId, []);
    await this.answer(callers);
    const waiting = own.flatMap((productId) => this.busy.get(productId)!);
    for (const productId of own) this.busy.delete(productId);
    if (waiting.length > 0) void this.start(waiting.slice(0, this.mostOrders));
    for (const caller of waiting.slice(this.mostOrders)) this.enter(caller);
  }

  private async answer(callers: Caller[]): Promise<void> {
    try {
      const answers = await runInContext(contextOf(callers), () => this.run(callers));
      callers.forEach((caller, i) => caller.resolve(answers[i]!));
    } catch (error) {
      // In an outage each by itself would wait for a time-out of its own, and all of them for the database's return.
      if (callers.length === 1 || isOutage(error)) return callers.forEach((caller) => caller.reject(error));
      // One that cannot be answered must not fail the others. Whatever was done is answered alike the second time.
      await Promise.all(callers.map((caller) => this.answer([caller])));
    }
  }
}

/** The statement goes on for as long as one of them waits. */
function contextOf(callers: Caller[]) {
  return { requestId: callers[0]!.requestId, deadlineAt: Math.max(...callers.map(({ deadlineAt }) => deadlineAt)) };
}
