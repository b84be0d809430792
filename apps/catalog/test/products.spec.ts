import { catalogRpc } from '@shop/contracts/catalog';
import type { InputOf } from '@shop/contracts/rpc';
import { CategoryList, Product, ProductPage } from '@shop/contracts/products';
import type { TestDatabase } from '@shop/kit/testing/stores';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  NOWHERE,
  createCatalogDatabase,
  refusalOf,
  refusedField,
  startCatalog,
  type Catalog,
} from './catalog-under-test.js';

let database: TestDatabase;
let shop: Catalog;

beforeAll(async () => {
  database = await createCatalogDatabase();
  shop = await startCatalog(database, { SEED: 'demo' });
});
afterAll(async () => {
  await shop?.stop();
  await database?.drop();
});

const lamp = { name: 'Test Lamp', description: 'Shines.', category: 'light', priceCents: 4200, stock: 5 };
const create = (product: Partial<InputOf<typeof catalogRpc.createProduct>> = {}) =>
  shop.rpc.call(catalogRpc.createProduct, { ...lamp, ...product });
const update = (product: string, version: number, patch: InputOf<typeof catalogRpc.updateProduct>['patch']) =>
  shop.rpc.call(catalogRpc.updateProduct, { product, version, patch });

describe('the seeded shop', () => {
  it('has 120 products in 8 categories, a few featured and a few sold out', async () => {
    const { items } = CategoryList.parse(
      JSON.parse((await shop.rpc.call(catalogRpc.listCategories, {})).body.toString()),
    );
    expect(items).toHaveLength(8);
    expect(items.map(({ products }) => products)).toEqual(Array(8).fill(15));
    expect((await shop.list({ featured: true, limit: 100 })).items).toHaveLength(12);
    expect((await shop.list({ inStock: false, limit: 100 })).items).toHaveLength(8);
  });

  it('is unchanged after a restart', async () => {
    const before = await database.query('select * from products order by id');
    await (await startCatalog(database, { SEED: 'demo' })).stop();
    expect(await database.query('select * from products order by id')).toEqual(before);
  });
});

describe('a product', () => {
  it('is found by its slug and by its id in upper or lower case, with an ETag of its bytes', async () => {
    const bySlug = await shop.rpc.call(catalogRpc.getProduct, { product: 'linen-apron-moss' });
    const product = Product.parse(JSON.parse(bySlug.body.toString()));
    expect(product).toMatchObject({ name: 'Linen Apron, Moss', category: { slug: 'kitchen' }, currency: 'EUR' });
    const byId = await shop.rpc.call(catalogRpc.getProduct, { product: product.id.toUpperCase() });
    expect(byId).toEqual(bySlug);
    expect(bySlug.etag).toMatch(/^"[\w-]+"$/);
  });

  it.each(['no-such-thing', NOWHERE, 'Not A Slug', "x' or 1=1 --", 'nul\u0000', '%', '../x'])(
    'is not found as %j',
    async (product) => {
      expect(await refusalOf(shop.getProduct(product))).toEqual({ code: 'not_found' });
      expect(await refusalOf(update(product, 1, { name: 'X' }))).toEqual({ code: 'not_found' });
    },
  );

  it('is created with a slug of its name, which stays when the name changes', async () => {
    const created = await create({ name: 'Größte Lampe & mehr', featured: true });
    expect(Product.parse(created)).toMatchObject({ slug: 'grosste-lampe-mehr', version: 1, featured: true, stock: 5 });
    const renamed = await update(created.slug, 1, { name: 'Anders' });
    expect(renamed).toMatchObject({ id: created.id, slug: created.slug, name: 'Anders', version: 2 });
    expect(await shop.getProduct(created.id)).toEqual(renamed);
  });

  it('gets a unique slug, even when eight products of one name are created concurrently', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => create({ name: 'Twin' })));
    expect(new Set(made.map(({ slug }) => slug)).size).toBe(8);
    expect(made.map(({ slug }) => slug)).toEqual(expect.arrayContaining(['twin', 'twin-2']));
  });

  it('is visible as soon as it is created, even after an earlier not_found', async () => {
    expect(await refusalOf(shop.getProduct('late-arrival'))).toEqual({ code: 'not_found' });
    const created = await create({ name: 'Late Arrival' });
    expect(await shop.getProduct('late-arrival')).toEqual(created);
  });

  it('needs a category that exists', async () => {
    expect(await refusalOf(create({ category: 'nowhere' }))).toEqual(refusedField('category'));
    const { id, version } = await create();
    expect(await refusalOf(update(id, version, { category: 'nowhere' }))).toEqual(refusedField('category'));
    expect(await update(id, version, { category: 'desk' })).toMatchObject({ category: { slug: 'desk' } });
  });

  it('is refused with text that Postgres cannot store', async () => {
    expect(await refusalOf(create({ name: 'a\u0000b' }))).toEqual(refusedField('name'));
  });

  it('accepts only one of ten concurrent edits of the same version', async () => {
    const { id } = await create();
    const tries = Array.from({ length: 10 }, (_, i) => refusalOf(update(id, 1, { priceCents: 1000 + i })));
    const refused = (await Promise.all(tries)).filter((outcome) => !('answered' in (outcome as object)));
    expect(refused).toEqual(Array(9).fill({ code: 'stale_version' }));
    expect(await shop.getProduct(id)).toMatchObject({ version: 2 });
  });

  it('gets a new version from an edit that changes no value, and none from an empty edit', async () => {
    const { id } = await create();
    expect(await refusalOf(update(id, 1, {}))).toEqual(refusedField(''));
    const { stock, ...same } = lamp;
    expect(await update(id, 1, same)).toMatchObject({ ...same, category: { slug: 'light' }, stock, version: 2 });
  });

  it('gains or loses stock by an edit, but never below zero', async () => {
    const { id } = await create();
    expect(await update(id, 1, { stockDelta: 7 })).toMatchObject({ stock: 12, version: 2 });
    expect(await update(id, 2, { stockDelta: -12 })).toMatchObject({ stock: 0, inStock: false, version: 3 });
    expect(await refusalOf(update(id, 3, { stockDelta: -1 }))).toEqual(refusedField('stockDelta'));
    expect(
      await refusalOf(update(id, 3, { stockDelta: 1_000_000 }).then(() => update(id, 4, { stockDelta: 1 }))),
    ).toEqual(refusedField('stockDelta'));
    expect(await refusalOf(update(id, 2, { stockDelta: -1 }))).toEqual({ code: 'stale_version' });
  });

  it('is in no list, not found and not sold while it is hidden', async () => {
    const { id, slug } = await create({ name: 'Hidden Thing' });
    await update(id, 1, { hidden: true });
    expect(await refusalOf(shop.getProduct(slug))).toEqual({ code: 'not_found' });
    expect((await shop.list({ q: 'hidden thing' })).items).toEqual([]);
    expect(await shop.rpc.call(catalogRpc.priceProducts, { products: [id] })).toEqual({ products: [] });
    expect(await shop.rpc.call(catalogRpc.getStaffProduct, { product: slug })).toMatchObject({ id, hidden: true });
    await update(slug, 2, { hidden: false });
    expect(await shop.getProduct(slug)).toMatchObject({ id, version: 3 });
    expect((await shop.list({ q: 'hidden thing' })).items).toHaveLength(1);
  });
});

describe('staff', () => {
  const list = (query: Partial<InputOf<typeof catalogRpc.listStaffProducts>>) =>
    shop.rpc.call(catalogRpc.listStaffProducts, { limit: 24, ...query });

  it('list all products, only hidden ones, or only visible ones', async () => {
    const made = [await create({ name: 'Parrot Perch' }), await create({ name: 'Parrot Cage' })];
    const ids = made.map(({ id }) => id);
    await update(ids[0]!, 1, { hidden: true });
    const found = async (hidden?: boolean) =>
      (await list({ q: 'parrot', hidden })).items.map((item) => [item.id, item.hidden]);
    expect(await found()).toEqual(
      expect.arrayContaining([
        [ids[0], true],
        [ids[1], false],
      ]),
    );
    expect(await found(true)).toEqual([[ids[0], true]]);
    expect(await found(false)).toEqual([[ids[1], false]]);
    // Without words the newest come first; a cursor of one list is refused by another.
    const first = await list({ limit: 1 });
    expect(first.items.map(({ id }) => id)).toEqual([ids[1]]);
    expect((await list({ limit: 1, cursor: first.nextCursor! })).items.map(({ id }) => id)).toEqual([ids[0]]);
    const other = list({ limit: 1, hidden: true, cursor: first.nextCursor! });
    expect(await refusalOf(other)).toEqual(refusedField('cursor'));
  });

  it('see a product as it is now, past every cache', async () => {
    const { id, slug } = await create();
    await shop.getProduct(slug);
    await database.query('update products set stock = 77 where id = $1', [id]);
    expect(await shop.rpc.call(catalogRpc.getStaffProduct, { product: id })).toMatchObject({
      stock: 77,
      hidden: false,
    });
    expect(await refusalOf(shop.rpc.call(catalogRpc.getStaffProduct, { product: NOWHERE }))).toEqual({
      code: 'not_found',
    });
  });
});

describe('a category', () => {
  it('is created once and listed immediately', async () => {
    const attic = { slug: 'attic', name: 'Attic' };
    expect(await shop.rpc.call(catalogRpc.createCategory, attic)).toEqual({ ...attic, products: 0 });
    expect(await refusalOf(shop.rpc.call(catalogRpc.createCategory, attic))).toEqual({ code: 'slug_taken' });
    await create({ category: 'attic', name: 'Trunk' });
    const { body } = await shop.rpc.call(catalogRpc.listCategories, {});
    expect(JSON.parse(body.toString()).items).toContainEqual({ ...attic, products: 1 });
  });
});

describe('prices for a cart', () => {
  it('are found by id and by slug, leaving out unknown products', async () => {
    const { id } = await create({ name: 'Priced' });
    const keys = [id, 'morning-stoneware-mug', 'no-such-thing', NOWHERE, 'nul\u0000'];
    const { products } = await shop.rpc.call(catalogRpc.priceProducts, { products: keys });
    expect(products).toHaveLength(2);
    expect(products).toContainEqual({ productId: id, slug: 'priced', name: 'Priced', priceCents: 4200, stock: 5 });
    expect(products).toContainEqual(expect.objectContaining({ slug: 'morning-stoneware-mug', priceCents: 1800 }));
  });
});

describe('a list', () => {
  it('matches the contract and has a strong ETag', async () => {
    const page = await shop.rpc.call(catalogRpc.listProducts, { limit: 5 });
    expect(ProductPage.parse(JSON.parse(page.body.toString())).items).toHaveLength(5);
    expect(page.etag).toMatch(/^"[\w-]+"$/);
    expect((await shop.rpc.call(catalogRpc.listProducts, { limit: 5 })).etag).toBe(page.etag);
  });

  it('ranks words in names before words in descriptions, and matches other forms of a word', async () => {
    const { items } = await shop.list({ q: 'lanterns' });
    const inName = items.map(({ name }) => /lantern/i.test(name));
    expect(inName).toEqual([...inName].sort().reverse());
    expect(items.map(({ slug }) => slug)).toEqual(
      expect.arrayContaining(['storm-lantern-zinc', 'solar-lanterns-pair']),
    );
  });

  it.each([
    [{ category: 'kids' }, ({ category }) => category.slug === 'kids'],
    [{ tag: 'linen' }, ({ tags }) => tags.includes('linen')],
    [{ minPriceCents: 5000, maxPriceCents: 8000 }, (p) => p.priceCents >= 5000 && p.priceCents <= 8000],
    [{ inStock: true, category: 'home' }, (p) => p.inStock && p.category.slug === 'home'],
    [{ q: 'linen -apron' }, ({ name }) => !name.includes('Apron')],
  ] satisfies [object, (product: ProductPage['items'][number]) => boolean][])(
    'shows only products that match %j',
    async (query, fits) => {
      const { items } = await shop.list({ ...query, limit: 100 });
      expect(items.length).toBeGreaterThan(2);
      expect(items.filter((item) => !fits(item))).toEqual([]);
    },
  );

  it.each([
    { category: 'nowhere' },
    { q: 'the' },
    { q: 'xyzzy' },
    { tag: "'" },
    { minPriceCents: 9, maxPriceCents: 8 },
    { q: '":*&!(' },
  ])('is empty for %j', async (query) => {
    expect(await shop.list(query)).toEqual({ items: [], nextCursor: null });
  });
});
