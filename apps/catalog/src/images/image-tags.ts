// The tags of a product's images, copied to the product so that lists find it by them.
import type { Sql } from '@shop/kit/database';

interface ProductNames {
  id: string;
  slug: string;
}

/** Updates the tags of these products. Returns the keys to drop from the caches after the commit. */
export async function retag(sql: Sql, productIds: string[]): Promise<string[]> {
  // A separate statement, so that the next one sees the changes of previous holders of the lock.
  const products = await sql<ProductNames>(
    'select id, slug from products where id = any($1::uuid[]) order by id for no key update',
    [productIds],
  );
  await sql(
    `update products p set picture_tags = found.tags
     from (
       select p.id, coalesce(array_agg(distinct tag order by tag) filter (where tag is not null), '{}') as tags
       from products p
       left join images i on i.product_id = p.id
       left join pictures pic on pic.hash = i.picture
       left join lateral jsonb_array_elements_text(pic.shown->'tag'->'tags') as tag on true
       where p.id = any($1::uuid[])
       group by p.id
     ) as found
     where p.id = found.id and p.picture_tags <> found.tags`,
    [productIds],
  );
  return products.flatMap(({ id, slug }) => [id, slug]);
}
