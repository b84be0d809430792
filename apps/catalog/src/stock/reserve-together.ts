// Orders for the same product queue for its row, which each statement locks until its commit is on disk. So an order
// for a product that this process is already reserving waits for that statement, and then all waiting orders reserve in
// one statement with one commit. Without a rush no order waits, and orders for other products never do.
import type { LineRequest, ReserveResult } from '@shop/contracts/catalog';
import { currentContext, newRequestId, runInContext } from '@shop/rpc/context';
import { isOutage } from '@shop/rpc/outage';

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
  /** Products of running statements, each with the callers waiting for it. */
  private readonly busy = new Map<string, Caller[]>();

  /** `run` returns one answer per order, and the same answer when an order is repeated. */
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
      // In an outage each retry would only wait for a timeout of its own.
      if (callers.length === 1 || isOutage(error)) return callers.forEach((caller) => caller.reject(error));
      // One order must not fail the others. Retrying is safe: an order that has reserved gets the same answer again.
      await Promise.all(callers.map((caller) => this.answer([caller])));
    }
  }
}

/** The statement runs until the latest deadline of its callers. */
function contextOf(callers: Caller[]) {
  return { requestId: callers[0]!.requestId, deadlineAt: Math.max(...callers.map(({ deadlineAt }) => deadlineAt)) };
}
