// Images for the made-up products of the demo shop: each gets the image of a written product of its category.
import { inTransaction } from '@shop/kit/database';
import type { DataSource } from 'typeorm';

/** Products per transaction, which keeps their orders waiting for as long as it takes. */
const BATCH = 1000;

/**
 * `slugs` are those of the written products; every made-up product is older than them. Caches may go without the image for
 * a second. Returns how many products got an image.
 */
export function shareImages(dataSource: DataSource, slugs: string[]): Promise<number> {
  return inTransaction(dataSource, async (sql) => {
    // Locked in the order in which adding an image locks them, first files, then products, so that none is removed meanwhile.
    const offered = await sql<{ hash: string }>(
      `select hash from pictures
       where shown is not null and hash in (
         select i.picture from images i join products p on p.id = i.product_id where p.slug = any($1::text[]))
       order by hash for update`,
      [slugs],
    );
    const hashes = offered.map(({ hash }) => hash);
    const lacking = await sql<{ id: string }>(
      `select p.id from products p
       where p.created_at < (select min(created_at) from products where slug = any($1::text[]))
         and p.category_id in (
           select w.category_id from products w join images i on i.product_id = w.id
           where w.slug = any($1::text[]) and i.picture = any($2::text[]))
         and not exists (select from images where product_id = p.id)
       order by p.id limit $3 for no key update of p skip locked`,
      [slugs, hashes, BATCH],
    );
    const given = await sql(
      `with offered as (
         select p.category_id, array_agg(distinct i.picture order by i.picture) as pictures
         from images i join products p on p.id = i.product_id
         where i.picture = any($1::text[]) and p.slug = any($2::text[])
         group by p.category_id
       ), given as (
         insert into images (id, product_id, picture, position)
         select gen_random_uuid(), p.id, pictures[1 + abs(hashtext(p.slug)) % cardinality(pictures)], 0
         from products p join offered using (category_id)
         where p.id = any($3::uuid[]) and not exists (select from images where product_id = p.id)
         returning product_id, picture
       )
       update products p
       set picture_tags = array(select jsonb_array_elements_text(pic.shown->'tag'->'tags') order by 1)
       from given join pictures pic on pic.hash = given.picture
       where p.id = given.product_id
       returning p.id`,
      [hashes, slugs, lacking.map(({ id }) => id)],
    );
    await sql(
      `update pictures set unshown_at = null
       where hash = any($1::text[]) and unshown_at is not null and exists (select from images where picture = hash)`,
      [hashes],
    );
    return given.length;
  });
}
