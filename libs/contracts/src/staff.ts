// What staff see of the shop as a whole.
import * as z from 'zod';
import { Timestamp } from './values.js';

export const StaffHealth = z
  .object({
    at: Timestamp,
    services: z.array(
      z.object({
        name: z.string(),
        up: z.boolean().meta({ description: 'Whether it answered a simple question just now' }),
        ms: z.int().meta({ description: 'How long that took' }),
      }),
    ),
  })
  .meta({ id: 'StaffHealth' });
export type StaffHealth = z.infer<typeof StaffHealth>;
