import { RequestMethod } from '@nestjs/common';
import { Validator } from '@seriousme/openapi-schema-validator';
import { CustomerAnswer, Customer, SessionAnswer } from '@shop/contracts/accounts';
import { Cart } from '@shop/contracts/carts';
import { Image, ImageList, ImageType } from '@shop/contracts/images';
import { Order, OrderPage } from '@shop/contracts/orders';
import { Credit, CreditEntry, Refund, RefundList } from '@shop/contracts/payments';
import { Problem } from '@shop/contracts/problems';
import { Category, CategoryList, Product, ProductPage, ProductSummary } from '@shop/contracts/products';
import { StaffProduct, StaffProductPage, StaffProductSummary } from '@shop/contracts/products';
import { StaffHealth, StaffOrder, StaffOrderPage } from '@shop/contracts/staff';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GatewayModule } from '../src/gateway.module.js';
import { examples } from './examples.js';
import { QueuesController } from '../src/staff/queues.controller.js';
import { ADA, openShop, Client, type Shop } from './shop.js';

interface Operation {
  summary?: string;
  responses: Record<string, { content?: Record<string, { examples?: Record<string, { value: unknown }> }> }>;
  security?: unknown[];
  requestBody?: { content: Record<string, { example?: unknown }> };
}
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { example?: unknown }> };
};

let shop: Shop;
let document: Document;
let operations: [name: string, operation: Operation][];

beforeAll(async () => {
  shop = await openShop({ STOREFRONT_DIR: '/nowhere' });
  document = (await new Client(shop).get<Document>('/api/openapi.json')).body;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
});
afterAll(() => shop.stop());

/** Every route of every controller, except the page of the queues, which is not part of the API. */
function routes(): string[] {
  const modules = Reflect.getMetadata('imports', GatewayModule) as object[];
  const controllers = modules.flatMap(
    (feature) => (Reflect.getMetadata('controllers', feature) ?? []) as { prototype: object }[],
  );
  const ofApi = controllers.filter((controller) => controller !== QueuesController);
  return ofApi.flatMap((controller) =>
    Object.values(Object.getOwnPropertyDescriptors(controller.prototype)).flatMap(({ value }) => {
      const method = RequestMethod[Reflect.getMetadata('method', value as object) as number];
      if (method === undefined) return [];
      const path = Reflect.getMetadata('path', value as object) as string;
      const whole = `/${Reflect.getMetadata('path', controller)}/${path}`.replace(/\/+$/, '');
      return `${method} ${whole.replaceAll(/:(\w+)/g, '{$1}')}`;
    }),
  );
}

it('is valid OpenAPI 3.0', async () => {
  expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
  expect(document.openapi).toBe('3.0.3');
});

it('has every route and no other', () => {
  expect(operations.map(([name]) => name).sort()).toEqual(routes().sort());
  expect(operations.length).toBeGreaterThan(15);
});

it('lists 429 for rate-limited routes', () => {
  const limited = operations.filter(([, { responses }]) => responses['429']).map(([name]) => name);
  expect(limited).toContain('PUT /api/cart/lines/{product}');
});

it('has a summary, responses and problems for every route', () => {
  for (const [name, { summary, responses, requestBody, security }] of operations) {
    expect(summary, name).toBeTruthy();
    const statuses = Object.keys(responses);
    expect(statuses, name).toEqual(expect.arrayContaining(['500', '503']));
    if (requestBody) expect(statuses, name).toEqual(expect.arrayContaining(['400', '413', '415']));
    const json = requestBody?.content['application/json'];
    if (json) expect(json.example, name).toBeDefined();
    if (security) expect(statuses, name).toContain('401');
    if (!name.startsWith('GET')) expect(statuses, name).toContain('403');
    for (const [status, { content }] of Object.entries(responses))
      if (Number(status) >= 400)
        expect(Object.keys(content!), `${name} ${status}`).toEqual(['application/problem+json']);
  }
});

it('has examples that are valid against their schemas', () => {
  const schemas = { Category, CategoryList, ProductSummary, ProductPage, Product, Customer, CustomerAnswer };
  const products = { StaffProduct, StaffProductPage, StaffProductSummary };
  const ofStaff = { ...products, StaffHealth, Refund, RefundList, StaffOrder, StaffOrderPage };
  const all = { ...schemas, ...ofStaff, Image, ImageList, SessionAnswer, Cart, Order, OrderPage, CreditEntry, Credit };
  for (const [name, schema] of Object.entries(all)) {
    schema.parse(examples[name as keyof typeof examples]);
    schema.parse(document.components.schemas[name]!.example);
  }
  expect(Object.keys(all).sort()).toEqual(Object.keys(examples).sort());
  for (const [, { responses }] of operations)
    for (const { content } of Object.values(responses))
      for (const { value } of Object.values(content?.['application/problem+json']?.examples ?? {}))
        Problem.parse(value);
});

it('describes uploads and downloads as binary files', () => {
  const { requestBody } = document.paths['/api/products/{product}/images']!['post']!;
  expect(Object.keys(requestBody!.content).sort()).toEqual([...ImageType.options].sort());
  const { responses } = document.paths['/media/{image}/{file}']!['get']!;
  expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '304', '404', '416']));
  expect(Object.keys(responses['200']!.content!)).toEqual(['image/*']);
});

it('has example requests that the routes accept', async () => {
  const staff = await new Client(shop).logIn('sam@example.org');
  shop.catalog.createProduct = shop.catalog.updateProduct = () => examples.Product as Product;
  shop.catalog.createCategory = () => examples.Category;
  shop.catalog.orderImages = shop.catalog.listImages = () => examples.ImageList as ImageList;
  for (const [name, { requestBody }] of operations) {
    const [method, path] = name.split(' ') as [string, string];
    const body = requestBody?.content['application/json']?.example;
    const url = path.replace('{product}', 'walnut-desk').replace('{id}', ADA);
    const headers = { 'if-match': '"7"', 'idempotency-key': 'k' };
    if (body) expect((await staff.call(method, url, { body, headers })).body?.code, name).not.toBe('invalid_request');
  }
});

it('has a docs page that loads nothing from other hosts', async () => {
  const page = await fetch(`${shop.url}/`); // without a storefront the front page redirects there
  expect(page.url).toBe(`${shop.url}/api/docs`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');
  const html = await page.text();
  expect(html).toContain('validatorUrl: null');
  expect(html).not.toMatch(/https?:/);
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, asset]) => asset!);
  expect(assets.length).toBe(3);
  for (const asset of assets) {
    expect(asset).not.toMatch(/^(https?:)?\/\//);
    const response = await fetch(new URL(asset, `${shop.url}/api/docs`));
    expect([response.status, (await response.text()).length > 0], asset).toEqual([200, true]);
  }
});
