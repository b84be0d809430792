import { Controller, Get, HttpCode, UseGuards } from '@nestjs/common';
import { StaffHealth } from '@shop/contracts/staff';
import { Documented } from '../documented.js';
import { CurrentSession, Staff } from '../sessions/guards.js';
import type { CustomerSession } from '../sessions/request-session.js';
import { StaffHealthReader } from './staff-health.js';

@Controller('api/staff')
@UseGuards(Staff)
export class StaffController {
  constructor(private readonly reader: StaffHealthReader) {}

  @Get('health')
  @Documented({ summary: 'Whether services answer, and the state of the queues', answer: StaffHealth })
  health(@CurrentSession() { customerId }: CustomerSession): Promise<StaffHealth> {
    return this.reader.read(customerId);
  }

  @Get('access')
  @HttpCode(204)
  @Documented({ summary: 'Auth check for reverse proxies (nginx auth_request): 204 for staff' })
  access(): void {}
}
