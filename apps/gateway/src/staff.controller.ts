// What stands in front of pages for staff asks here.
import { Controller, Get, HttpCode, UseGuards } from '@nestjs/common';
import { StaffHealth } from '@shop/contracts/staff';
import { Rpc } from '@shop/kit/rpc/rpc';
import { Documented } from './documented.js';
import { CurrentSession, Staff, type CustomerSession } from './guards.js';
import { askServices } from './staff-health.js';

@Controller('api/staff')
@UseGuards(Staff)
export class StaffController {
  constructor(private readonly rpc: Rpc) {}

  @Get('health')
  @Documented({ summary: 'Whether each service answers', answer: StaffHealth, access: 'staff' })
  health(@CurrentSession() { customerId }: CustomerSession): Promise<StaffHealth> {
    return askServices(this.rpc, customerId);
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
