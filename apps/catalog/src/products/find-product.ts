import { sql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';
import { detailColumns, type DetailRow } from './product-json.js';
import type { ProductRef } from './product-key.js';

const from = `select ${detailColumns} from products p join categories c on c.id = p.category_id`;
const statements = { id: `${from} where p.id = $1`, slug: `${from} where p.slug = $1` };

/** Finds hidden products too. */
export async function findProduct(db: DataSource, { column, value }: ProductRef): Promise<DetailRow | undefined> {
  const [row] = await sql<DetailRow>(db, statements[column], [value]);
  return row;
}
