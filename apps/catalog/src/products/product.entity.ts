import {
  Column,
  CreateDateColumn,
  Entity,
  getMetadataArgsStorage,
  PrimaryColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';

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

  /** Generated from `stock`. */
  @Column({ type: 'boolean', name: 'in_stock', insert: false, update: false })
  inStock!: boolean;

  @Column('boolean')
  featured!: boolean;

  @Column('boolean')
  hidden!: boolean;

  @Column('text', { array: true })
  tags!: string[];

  /** What the product's images are tagged with. */
  @Column('text', { array: true, name: 'picture_tags' })
  imageTags!: string[];

  /** Counts edits by staff: sales write `stock` by SQL of their own and leave this and `updatedAt` alone. */
  @VersionColumn()
  version!: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}

/** The columns of the table, for statements that are written by hand. */
export const productColumns = getMetadataArgsStorage()
  .filterColumns(ProductEntity)
  .map(({ propertyName, options }) => ({
    property: propertyName as keyof ProductEntity,
    name: options.name ?? propertyName,
    isGenerated: options.insert === false,
  }));
