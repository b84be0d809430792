// Where the shop is killed, and the kind of order that reaches that point. A test compares this table with the sources.
import type { ServiceName } from '@shop/contracts/services';

/** What is ordered and how it is paid, which decides the way of the order. */
export type Kind =
  /** Paid by card. */
  | 'card'
  /** A cart, paid by card, which its customer then orders under another key. */
  | 'cart'
  /** The card is declined. */
  | 'declined'
  /** Paid with store credit. */
  | 'credit'
  /** Two calls to the provider are lost, the third one succeeds. */
  | 'flaky'
  /** The provider is slow, so that a sweep runs meanwhile. */
  | 'slow'
  /** Paid by card, and refunded by staff in two parts. */
  | 'refunded'
  /** The same, but the refunds fail later. */
  | 'refund failed'
  /** Out of stock. */
  | 'sold out'
  /** The client does not retry before the order is cancelled. */
  | 'abandoned';

export interface FailPoint {
  /** As in failPoint(); starts with the service that is killed. */
  name: `${ServiceName}.${string}`;
  kind: Kind;
  /** What the killed process had done, and what resumes the order. */
  savedBy: string;
}

export const failPoints: FailPoint[] = [
  { name: 'gateway.before-placing', kind: 'card', savedBy: 'nothing was done; the client’s retry does it' },
  {
    name: 'orders.after-insert',
    kind: 'card',
    savedBy: 'the intent is written; the client’s retry reserves, without one the order is cancelled',
  },
  { name: 'catalog.before-reserving', kind: 'card', savedBy: 'the gateway or the client retries' },
  { name: 'catalog.after-reserving', kind: 'card', savedBy: 'reserving again returns the same reservation' },
  { name: 'orders.after-reserving', kind: 'card', savedBy: 'the same; without a retry the goods are released' },
  { name: 'orders.after-refusing', kind: 'sold out', savedBy: 'the same key repeats the refusal from the row' },
  {
    name: 'orders.after-pending',
    kind: 'card',
    savedBy: 'the sweep finds that no payment was requested, and requests it',
  },
  {
    name: 'orders.after-asking-for-payment',
    kind: 'card',
    savedBy: 'the client’s retry returns the order in its current state',
  },
  {
    name: 'gateway.after-placing',
    kind: 'cart',
    savedBy: 'the same; another key returns that order, and either request takes its goods out of the cart',
  },
  { name: 'payments.after-insert', kind: 'card', savedBy: 'the lease expires; the sweep asks the provider' },
  { name: 'payments.after-charging', kind: 'card', savedBy: 'the same: the provider reports its charge' },
  { name: 'payments.after-settling', kind: 'card', savedBy: 'the sweep of orders asks payments' },
  { name: 'payments.after-telling', kind: 'card', savedBy: 'orders already has the result' },
  {
    name: 'payments.after-credit',
    kind: 'credit',
    savedBy: 'payment and ledger are one statement; the result is sent again',
  },
  { name: 'payments.after-claiming', kind: 'flaky', savedBy: 'the claim is a lease: it expires' },
  {
    name: 'orders.before-settling',
    kind: 'card',
    savedBy: 'the job is retried when its lock expires, or the sweep asks',
  },
  { name: 'catalog.after-confirming', kind: 'card', savedBy: 'confirming again changes nothing' },
  { name: 'orders.after-confirming', kind: 'card', savedBy: 'the order is still pending and is settled again' },
  { name: 'orders.after-paid', kind: 'card', savedBy: 'the job is retried and finds nothing to do' },
  { name: 'catalog.after-releasing', kind: 'declined', savedBy: 'releasing again changes nothing' },
  { name: 'orders.after-releasing', kind: 'declined', savedBy: 'the order is still pending and is settled again' },
  { name: 'orders.after-rejecting', kind: 'declined', savedBy: 'the job is retried and finds nothing to do' },
  { name: 'orders.after-claiming', kind: 'slow', savedBy: 'the row has the time of the next sweep' },
  { name: 'orders.after-cancelling', kind: 'abandoned', savedBy: 'the row is marked; the sweep resumes' },
  { name: 'orders.after-releasing-cancelled', kind: 'abandoned', savedBy: 'the same; releasing again changes nothing' },
  {
    name: 'payments.after-refund-insert',
    kind: 'refunded',
    savedBy: 'the intent is written; a retry of orders or staff finds it, the sweep makes the refund',
  },
  { name: 'orders.after-asking-for-refund', kind: 'refunded', savedBy: 'the same key is the same refund' },
  { name: 'payments.after-claiming-refund', kind: 'refunded', savedBy: 'the claim is a lease: it expires' },
  {
    name: 'payments.after-giving-back',
    kind: 'refunded',
    savedBy: 'the lease expires; the provider knows the key of the refund and returns its result',
  },
  {
    name: 'payments.after-settling-refund',
    kind: 'refunded',
    savedBy: 'result and ledger are one statement; the row stays due until orders has the result',
  },
  { name: 'orders.after-refund', kind: 'refunded', savedBy: 'the result is sent again; the sum stays the same' },
  {
    name: 'payments.after-telling-refund',
    kind: 'refunded',
    savedBy: 'the row is still due, and orders gets the result again',
  },
  {
    name: 'payments.after-checking-refund',
    kind: 'refund failed',
    savedBy: 'the check is a lease: it expires, and the provider is asked again',
  },
  {
    name: 'payments.after-reversing-refund',
    kind: 'refund failed',
    savedBy: 'the failure and its counter-transaction are one statement; the row stays due until orders has the result',
  },
];
