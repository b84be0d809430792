// One server process of the RPC benchmark: `rpc-server.ts balanced|plain`. Reports its port, and its CPU time on request.
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { RpcServer } from '@shop/rpc/rpc-server';
import { freePort } from '@shop/tools/ports';
import { balancedModule, plainModule, served } from './rpc-service.ts';

const host = '127.0.0.1';
const port = await freePort();
const app = await (process.argv[2] === 'plain'
  ? NestFactory.createMicroservice(plainModule, {
      transport: Transport.TCP,
      options: { host, port },
      logger: ['error'],
    })
  : NestFactory.createMicroservice(balancedModule, { strategy: new RpcServer({ host, port }), logger: ['error'] }));
await app.listen();

process.on('message', () => process.send!({ ...process.cpuUsage(), ...served }));
process.on('disconnect', () => process.exit());
process.send!({ port });
