import type { Order, OrderStatus } from '@shop/contracts/orders';
import type { StaffOrderPage } from '@shop/contracts/staff';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { get } from '../api/client.js';
import { usePersonMessages } from '../i18n/person.js';
import { focusHeading, usePageTitle } from '../page-title.js';
import { Button } from '../ui/button.js';
import { SelectField, TextField } from '../ui/field.js';
import { Form } from '../ui/form.js';
import { ErrorNotice } from '../ui/notice.js';
import { Rows } from '../ui/skeleton.js';
import styles from './manage.module.css';
import { OrderTable } from './order-table.js';
import { RefundForm } from './refund-form.js';
import { Refunds } from './refunds.js';
import { useWords } from './words.js';

const route = getRouteApi('/person/manage/orders');

export function ManageOrdersPage() {
  const t = useWords();
  const { common } = usePersonMessages();
  const { q, status } = route.useSearch();
  const [opened, setOpened] = useState<{ order: Order; refunding: boolean }>();
  usePageTitle(t.orders);
  const show = (next: typeof opened) => {
    setOpened(next);
    focusHeading();
  };
  const query = useInfiniteQuery({
    queryKey: ['manage', 'orders', q, status],
    queryFn: ({ pageParam, signal }) => get<StaffOrderPage>(pathOf({ q, status, cursor: pageParam }), signal),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const orders = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <h1 tabIndex={-1}>{t.orders}</h1>
      <Search q={q} status={status} />
      {opened?.refunding && (
        <RefundForm key={opened.order.id} order={opened.order} close={() => show({ ...opened, refunding: false })} />
      )}
      {opened && <Refunds order={opened.order} close={() => show(undefined)} />}
      <ErrorNotice error={query.error} retry={() => void query.refetch()} />
      {query.isPending && <Rows />}
      {query.data && (
        <OrderTable
          orders={orders}
          action={(order) =>
            (order.status === 'paid' || order.status === 'refunded') && (
              <Button look="quiet" onClick={() => setOpened({ order, refunding: order.status === 'paid' })}>
                {order.status === 'paid' ? t.refund : t.refunds}
              </Button>
            )
          }
        />
      )}
      {query.hasNextPage && (
        <div className={styles.buttons}>
          <Button look="secondary" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {common.more}
          </Button>
        </div>
      )}
    </>
  );
}

function pathOf(query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return `/api/staff/orders?${new URLSearchParams([...given, ['limit', '20']])}`;
}

function Search({ q, status }: { q?: string | undefined; status?: string | undefined }) {
  const t = useWords();
  const { order } = usePersonMessages();
  const navigate = useNavigate();
  const search = (data: Record<string, string>) => {
    const words = data['q']?.trim();
    void navigate({
      to: '/manage/orders',
      search: { ...(words && { q: words }), ...(data['status'] && { status: data['status'] }) },
    });
  };
  return (
    <Form className={styles.bar} role="search" aria-label={t.findOrders} onData={search}>
      <TextField key={q} label={t.findOrders} name="q" maxLength={200} defaultValue={q} autoComplete="off" />
      <SelectField key={status} label={t.orderStatus} name="status" defaultValue={status ?? ''}>
        <option value="">{t.anyStatus}</option>
        {(Object.keys(order.status) as OrderStatus[]).map((name) => (
          <option key={name} value={name}>
            {order.status[name]}
          </option>
        ))}
      </SelectField>
      <Button type="submit" look="secondary">
        {t.search}
      </Button>
    </Form>
  );
}
