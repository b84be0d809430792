import { Module } from '@nestjs/common';
import { ReservationSweep } from './reservation-sweep.js';
import { Reservations } from './reserve.js';
import { StockController } from './stock.controller.js';

@Module({ controllers: [StockController], providers: [Reservations, ReservationSweep] })
export class StockModule {}
