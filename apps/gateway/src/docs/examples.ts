// Derives an example of every schema in the description from the schema itself.
import type { OpenAPIObject } from '@nestjs/swagger';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

export const ID = '01900000-0000-7000-8000-0000000000a1';

/** By the name of a property or by schema and property, where the type does not say enough. */
const byName: Record<string, unknown> = {
  'Category.name': 'Furniture',
  'Category.slug': 'furniture',
  'CategoryRef.name': 'Furniture',
  'CategoryRef.slug': 'furniture',
  'Customer.name': 'Dana Demo',
  'ImageVariant.name': 'card',
  'ShippingAddress.name': 'Dana Demo',
  'StaffHealth.name': 'catalog',
  address: '10.0.0.7:4002',
  alt: 'Walnut desk',
  amountCents: 500,
  balanceCents: 500,
  city: 'Berlin',
  colors: ['#7a5c43'],
  country: 'DE',
  description: 'Oiled by hand.',
  email: 'demo@shop.test',
  height: 480,
  lineTotalCents: 49900,
  name: 'Walnut desk',
  nextCursor: null,
  placeholder: null,
  postalCode: '10115',
  priceCents: 49900,
  reason: 'One lamp came broken',
  reference: 'late-parcel-7',
  refundedCents: 0,
  slug: 'walnut-desk',
  stock: 12,
  street: 'Ackerstr. 7',
  tags: ['wood'],
  totalCents: 49900,
  type: 'image/webp',
  url: '/media/4f1ac1b0a2d3e4f5/0a1b2c3d4e5f6071.webp',
  width: 480,
};

const byFormat: Record<string, string> = { uuid: ID, 'date-time': '2026-11-20T10:00:00.000Z' };

export function addExamples(schemas: Schemas): void {
  const names = Object.keys(schemas);
  for (const name of names) Object.assign(schemas[name]!, { example: exampleOf(refTo(name), schemas) });
}

function refTo(name: string) {
  return { $ref: `#/components/schemas/${name}` };
}

/** Without optional properties, and with one item in every list. `name` is `Schema.property`. */
function exampleOf(schema: Schemas[string], schemas: Schemas, name = ''): unknown {
  if ('$ref' in schema) {
    const target = schema.$ref.split('/').at(-1)!;
    return exampleOf(schemas[target]!, schemas, target);
  }
  const [owner, property = ''] = name.split('.');
  const known = byName[name] ?? byName[property];
  const { type, format, properties = {}, required = [], items, minimum = 1 } = schema;
  const [alternative] = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? [];
  if (schema.enum) return schema.enum[0] as unknown;
  if (format && byFormat[format]) return byFormat[format];
  if (known !== undefined) return known;
  if (alternative) return exampleOf(alternative, schemas, name);
  if (type === 'object')
    return Object.fromEntries(required.map((key) => [key, exampleOf(properties[key]!, schemas, `${owner}.${key}`)]));
  if (type === 'array') return [exampleOf(items!, schemas, owner)];
  if (type === 'boolean') return true;
  return type === 'string' ? property : minimum;
}
