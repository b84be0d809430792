import type { Role } from '@shop/contracts/accounts';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** Customers and staff alike; the role tells them apart. */
@Entity('customers')
export class CustomerRow {
  @PrimaryColumn('uuid')
  id!: string;

  /** As `normalizeEmail` writes it; unique whatever its case. */
  @Column('text')
  email!: string;

  @Column('text')
  name!: string;

  @Column('text')
  role!: Role;

  @Column('text', { name: 'password_hash' })
  passwordHash!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}

export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}
