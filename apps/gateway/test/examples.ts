// One valid example of every shape in a response, by the id of its schema.
import { CURRENCY } from '@shop/contracts/currency';

const category = { slug: 'furniture', name: 'Furniture' };

const image = {
  id: '01900000-0000-7000-8000-0000000000b1',
  alt: 'Walnut desk',
  placeholder: null,
  variants: [
    { name: 'card', width: 480, height: 480, type: 'image/webp', url: '/media/4f1ac1b0a2d3e4f5/0a1b2c3d4e5f6071.webp' },
  ],
};

const staffImage = {
  id: image.id,
  productId: '01900000-0000-7000-8000-0000000000a1',
  status: 'working',
  steps: [
    { name: 'decode', doneAt: '2026-11-20T10:00:00.000Z' },
    { name: 'resize', doneAt: null },
    { name: 'analyse', doneAt: null },
    { name: 'tag', doneAt: null },
  ],
  variants: [],
  colors: [],
  tags: [],
  placeholder: null,
};

const summary = {
  id: '01900000-0000-7000-8000-0000000000a1',
  slug: 'walnut-desk',
  name: 'Walnut desk',
  category,
  priceCents: 49900,
  currency: CURRENCY,
  inStock: true,
  featured: false,
  tags: ['wood'],
  updatedAt: '2026-11-20T09:30:00.000Z',
};

const customer = {
  id: '01900000-0000-7000-8000-000000000001',
  email: 'demo@shop.test',
  name: 'Dana Demo',
  role: 'customer',
};

const line = {
  productId: summary.id,
  slug: summary.slug,
  name: summary.name,
  quantity: 2,
  priceCents: 49900,
  lineTotalCents: 99800,
};

const order = {
  id: '01900000-0000-7000-8000-00000000000a',
  status: 'paid',
  lines: [line],
  totalCents: 99800,
  refundedCents: 0,
  currency: CURRENCY,
  createdAt: '2026-11-20T10:00:00.000Z',
  shippingAddress: { name: 'Dana Demo', street: 'Ackerstr. 7', postalCode: '10115', city: 'Berlin', country: 'DE' },
};

const refund = {
  id: '01900000-0000-7000-8000-0000000000f1',
  amountCents: 500,
  status: 'failed',
  reason: 'One lamp came broken',
  failure: 'expired_or_canceled_card',
  createdAt: '2026-11-20T10:00:00.000Z',
};

const { role: _, ...buyer } = customer;
const staffOrder = { ...order, customerId: customer.id, customer: buyer };

const creditEntry = {
  id: '01900000-0000-7000-8000-0000000000e1',
  amountCents: 1000,
  reference: 'late-parcel-7',
  createdAt: '2026-11-20T10:00:00.000Z',
};

const product = { ...summary, description: 'Oiled by hand.', stock: 12, images: [image], version: 7 };

export const examples = {
  Category: { ...category, products: 15 },
  CategoryList: { items: [{ ...category, products: 15 }] },
  ProductSummary: { ...summary, image },
  ProductPage: { items: [{ ...summary, image }], nextCursor: null },
  Product: product,
  StaffProductSummary: { ...summary, image, hidden: true },
  StaffProductPage: { items: [{ ...summary, image, hidden: true }], nextCursor: null },
  StaffProduct: { ...product, hidden: true },
  Image: staffImage,
  ImageList: { items: [staffImage] },
  Customer: customer,
  CustomerAnswer: { customer },
  SessionAnswer: { customer },
  Cart: { lines: [{ ...line, inStock: true }], totalCents: 99800, currency: CURRENCY },
  Order: order,
  OrderPage: { items: [order], nextCursor: null },
  Refund: refund,
  RefundList: { items: [refund] },
  StaffOrder: staffOrder,
  StaffOrderPage: { items: [staffOrder], nextCursor: null },
  CreditEntry: creditEntry,
  Credit: { balanceCents: 1000, entries: [creditEntry] },
  StaffHealth: {
    at: '2026-11-20T10:00:00.000Z',
    services: [{ name: 'catalog', up: true, ms: 2, replicas: [{ address: '10.0.0.7:4002', state: 'ready' }] }],
    queues: [
      {
        name: 'image-worker',
        workers: 3,
        ...{ waiting: 1, prioritized: 40, active: 3, delayed: 0, failed: 0 },
        oldestSeconds: 12.5,
      },
    ],
  },
};
