import type { Role } from '@shop/contracts/accounts';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A customer or a member of staff, by role. */
@Entity('customers')
export class CustomerEntity {
  @PrimaryColumn('uuid')
  id!: string;

  /** Normalized by `normalizeEmail`; unique in any case. */
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
