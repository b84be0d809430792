import { Column, Entity, PrimaryColumn, UpdateDateColumn, VersionColumn } from 'typeorm';

@Entity('products')
export class ProductEntity {
  @PrimaryColumn('uuid')
  id!: string;

  /** Made from the first name; never changes, so that addresses and caches may rely on it. */
  @Column('text')
  slug!: string;

  @Column('text')
  name!: string;

  @Column('text')
  description!: string;

  @Column('uuid', { name: 'category_id' })
  categoryId!: string;

  @Column('integer', { name: 'price_cents' })
  priceCents!: number;

  @Column('integer')
  stock!: number;

  @Column('boolean')
  featured!: boolean;

  @Column('boolean')
  hidden!: boolean;

  /** Counts edits by staff: sales write `stock` by SQL of their own and leave this and `updatedAt` alone. */
  @VersionColumn()
  version!: number;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
