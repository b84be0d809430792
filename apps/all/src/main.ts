// The whole shop in one process: the same services, calling each other without a network in between.
import { start } from '@shop/kit/start';
import { accounts } from '@shop/accounts/accounts.module';
import { catalog } from '@shop/catalog/catalog.module';
import { gateway } from '@shop/gateway/gateway.module';
import { imageWorker } from '@shop/image-worker/image-worker.module';
import { orders } from '@shop/orders/orders.module';
import { payments } from '@shop/payments/payments.module';

await start(accounts, catalog, orders, payments, imageWorker, gateway);
