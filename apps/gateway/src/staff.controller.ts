// What stands in front of pages for staff asks here.
import { Controller, Get, HttpCode, UseGuards } from '@nestjs/common';
import { Documented } from './documented.js';
import { Staff } from './guards.js';

@Controller('api/staff')
@UseGuards(Staff)
export class StaffController {
  @Get('access')
  @HttpCode(204)
  @Documented({
    summary: 'Whether this session is one of staff, for a proxy that lets nobody else in',
    status: 204,
    access: 'staff',
  })
  access(): void {}
}
