// What the pictures of products say about them, written down with the products, so that lists find them by it.
import type { Sql } from '@shop/kit/database';

interface ProductNames {
  id: string;
  slug: string;
}

/** Brings the tags of these products up to date, and answers the keys to drop from the caches after the commit. */
export async function retag(sql: Sql, productIds: string[]): Promise<string[]> {
  // A statement of its own: the next one sees what those did who held the lock before.
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
