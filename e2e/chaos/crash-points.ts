// Where the shop is killed, and an order that gets it there. A test holds this table against the sources.
import type { ServiceName } from '@shop/contracts/services';

/** What is ordered, and so which way the order goes. */
export type Kind =
  /** Paid by card. */
  | 'card'
  /** A cart, paid by card, that its customer then orders under another key. */
  | 'cart'
  /** The card is declined. */
  | 'declined'
  /** Paid with store credit. */
  | 'credit'
  /** Two calls to the provider are lost, then it pays. */
  | 'flaky'
  /** The provider takes its time, so that a sweep comes by. */
  | 'slow'
  /** Paid by card, and given back by staff in two parts. */
  | 'refunded'
  /** The same, and the refunds fail later. */
  | 'refund failed'
  /** There is nothing left of it. */
  | 'sold out'
  /** Nobody asks again until it is withdrawn. */
  | 'abandoned';

export interface CrashPoint {
  /** As in crashPoint(); begins with the service that dies. */
  name: `${ServiceName}.${string}`;
  kind: Kind;
  /** What the dead process had done, and who goes on. */
  savedBy: string;
}

export const crashPoints: CrashPoint[] = [
  { name: 'gateway.before-placing', kind: 'card', savedBy: 'nothing was done; the client’s retry does it' },
  {
    name: 'orders.after-insert',
    kind: 'card',
    savedBy: 'the intent is written; the client’s retry reserves, without one it is withdrawn',
  },
  { name: 'catalog.before-reserving', kind: 'card', savedBy: 'the gateway’s or the client’s retry asks again' },
  { name: 'catalog.after-reserving', kind: 'card', savedBy: 'reserving again answers what is reserved' },
  { name: 'orders.after-reserving', kind: 'card', savedBy: 'the same; without a retry the goods go back' },
  { name: 'orders.after-refusing', kind: 'sold out', savedBy: 'the same key repeats the refusal from the row' },
  { name: 'orders.after-pending', kind: 'card', savedBy: 'the sweep finds that payments was never asked, and asks' },
  {
    name: 'orders.after-asking-for-payment',
    kind: 'card',
    savedBy: 'the client’s retry answers the order as it stands',
  },
  {
    name: 'gateway.after-placing',
    kind: 'cart',
    savedBy: 'the same; another key is answered with that order, and either takes its goods out of the cart',
  },
  { name: 'payments.after-insert', kind: 'card', savedBy: 'the lease ends, the sweep asks the provider what it knows' },
  { name: 'payments.after-charging', kind: 'card', savedBy: 'the same: the provider has charged and says so' },
  { name: 'payments.after-settling', kind: 'card', savedBy: 'orders’ sweep asks' },
  { name: 'payments.after-telling', kind: 'card', savedBy: 'orders was told' },
  { name: 'payments.after-credit', kind: 'credit', savedBy: 'payment and ledger are one statement; told again' },
  { name: 'payments.after-claiming', kind: 'flaky', savedBy: 'the claim is a lease: it ends' },
  {
    name: 'orders.before-settling',
    kind: 'card',
    savedBy: 'the job comes again when its lock ends, or the sweep asks',
  },
  { name: 'catalog.after-confirming', kind: 'card', savedBy: 'confirming again answers done' },
  { name: 'orders.after-confirming', kind: 'card', savedBy: 'the order still is pending: it is settled again' },
  { name: 'orders.after-paid', kind: 'card', savedBy: 'the job comes again and finds nothing to move' },
  { name: 'catalog.after-releasing', kind: 'declined', savedBy: 'releasing again answers done' },
  { name: 'orders.after-releasing', kind: 'declined', savedBy: 'the order still is pending: it is settled again' },
  { name: 'orders.after-rejecting', kind: 'declined', savedBy: 'the job comes again and finds nothing to move' },
  { name: 'orders.after-claiming', kind: 'slow', savedBy: 'the row says when the next sweep is due' },
  { name: 'orders.after-cancelling', kind: 'abandoned', savedBy: 'the row is marked: the sweep goes on' },
  { name: 'orders.after-releasing-cancelled', kind: 'abandoned', savedBy: 'the same; releasing again changes nothing' },
  {
    name: 'payments.after-refund-insert',
    kind: 'refunded',
    savedBy: 'the intent is written; orders’ or staff’s retry finds it, the sweep makes it',
  },
  { name: 'orders.after-asking-for-refund', kind: 'refunded', savedBy: 'the same key is the same refund' },
  { name: 'payments.after-claiming-refund', kind: 'refunded', savedBy: 'the claim is a lease: it ends' },
  {
    name: 'payments.after-giving-back',
    kind: 'refunded',
    savedBy: 'the lease ends, the provider knows the refund’s key and says what it did',
  },
  {
    name: 'payments.after-settling-refund',
    kind: 'refunded',
    savedBy: 'result and ledger are one statement; the row is due until orders was told',
  },
  { name: 'orders.after-refund', kind: 'refunded', savedBy: 'told again, the sum stays what it is' },
  {
    name: 'payments.after-telling-refund',
    kind: 'refunded',
    savedBy: 'the row is due still, and orders is told again',
  },
  {
    name: 'payments.after-checking-refund',
    kind: 'refund failed',
    savedBy: 'the check is a lease: it ends, and the provider is asked again',
  },
  {
    name: 'payments.after-reversing-refund',
    kind: 'refund failed',
    savedBy: 'the refund’s end and its counter-transaction are one statement; the row is due until orders was told',
  },
];
