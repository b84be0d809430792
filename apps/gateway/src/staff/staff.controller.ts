// What stands in front of pages for staff asks here.
import { Controller, Get, HttpCode, UseGuards } from '@nestjs/common';
import { StaffHealth } from '@shop/contracts/staff';
import { Documented } from '../docs/documented.js';
import { CurrentSession, Staff } from '../sessions/guards.js';
import { StaffHealthReads } from './staff-health.js';
import type { CustomerSession } from '../sessions/visitors.js';

@Controller('api/staff')
@UseGuards(Staff)
export class StaffController {
  constructor(private readonly reads: StaffHealthReads) {}

  @Get('health')
  @Documented({ summary: 'Whether services answer and what waits in queues', answer: StaffHealth, access: 'staff' })
  health(@CurrentSession() { customerId }: CustomerSession): Promise<StaffHealth> {
    return this.reads.read(customerId);
  }

  @Get('access')
  @HttpCode(204)
  @Documented({
    summary: 'Whether this session is one of staff, for a proxy that lets nobody else in',
    status: 204,
    access: 'staff',
  })
  access(): void {}
}
