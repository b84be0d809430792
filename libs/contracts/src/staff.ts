// What staff see of the shop as a whole.
import * as z from 'zod';
import { Customer } from './accounts.js';
import { OrderOfCustomer } from './orders.js';
import { Timestamp, pageOf } from './values.js';

/** `unresponsive` does not answer pings, `ejected` gets no calls for a while after failing several in a row, `draining` is shutting down. */
export const ReplicaState = z.enum(['ready', 'connecting', 'unresponsive', 'ejected', 'draining', 'down']);
export type ReplicaState = z.infer<typeof ReplicaState>;

export const QueueHealth = z.object({
  name: z.string().meta({ description: 'That of the service which works it off' }),
  workers: z.int().meta({ description: 'How many processes take jobs from it' }),
  waiting: z.int(),
  prioritized: z.int().meta({ description: 'Waiting too, after those without a priority' }),
  active: z.int(),
  delayed: z.int().meta({ description: 'To be tried again later' }),
  failed: z.int(),
  oldestSeconds: z.number().meta({ description: 'How long ago the oldest of them was added; 0 without any' }),
});
export type QueueHealth = z.infer<typeof QueueHealth>;

export const StaffHealth = z
  .object({
    at: Timestamp,
    services: z.array(
      z.object({
        name: z.string(),
        up: z.boolean().meta({ description: 'Whether it answered a simple question just now' }),
        ms: z.int().meta({ description: 'How long that took' }),
        replicas: z
          .array(
            z.object({
              address: z.string().meta({ description: 'host:port; `here` in the process of this gateway' }),
              state: ReplicaState,
            }),
          )
          .meta({ description: 'As the gateway that answers sees them' }),
      }),
    ),
    queues: z.array(QueueHealth).nullable().meta({ description: 'null when Redis did not say in time' }),
  })
  .meta({ id: 'StaffHealth' });
export type StaffHealth = z.infer<typeof StaffHealth>;

/** An order with who placed it. Of a deleted customer the id and the order's shipping address are left. */
export const StaffOrder = OrderOfCustomer.extend({
  customer: Customer.pick({ id: true, name: true, email: true })
    .nullable()
    .optional()
    .meta({ description: 'null: deleted; left out: accounts could not be asked' }),
}).meta({ id: 'StaffOrder' });
export type StaffOrder = z.infer<typeof StaffOrder>;
export const StaffOrderPage = pageOf(StaffOrder).meta({ id: 'StaffOrderPage' });
export type StaffOrderPage = z.infer<typeof StaffOrderPage>;
