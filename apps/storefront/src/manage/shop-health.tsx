// Health of services and their replicas, and the state of queues.
import type { QueueHealth, StaffHealth } from '@shop/contracts/staff';
import { useQuery } from '@tanstack/react-query';
import { get } from '../api/client.js';
import { useFormats, useLanguage } from '../i18n/i18n.js';
import { ErrorNotice } from '../ui/notice.js';
import { Rows } from '../ui/skeleton.js';
import styles from './manage.module.css';
import { useWords } from './words.js';

const EVERY_MS = 5000;

function useHealth() {
  return useQuery({
    queryKey: ['manage', 'health'],
    queryFn: ({ signal }) => get<StaffHealth>('/api/staff/health', signal),
    refetchInterval: EVERY_MS,
  });
}

export function Services() {
  const t = useWords();
  const { time } = useFormats();
  const { data, error } = useHealth();
  if (error && !data) return <ErrorNotice error={error} />;
  if (!data) return <Rows count={2} />;
  return (
    <>
      <div className={styles.scroll} tabIndex={0} role="group" aria-label={t.services}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t.service}</th>
              <th scope="col">{t.state}</th>
              <th scope="col">{t.replicas}</th>
              <th scope="col" className={styles.number}>
                {t.took}
              </th>
            </tr>
          </thead>
          <tbody>
            {data.services.map(({ name, up, ms, replicas }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className={up ? styles.good : styles.bad}>{up ? t.answers : t.silent}</td>
                <td>
                  <Replicas replicas={replicas} />
                </td>
                <td className={styles.number}>{t.tookMs(ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={styles.soft}>{time(data.at)}</p>
    </>
  );
}

/** The number of ready replicas, and those that are not. */
function Replicas({ replicas }: Pick<StaffHealth['services'][number], 'replicas'>) {
  const t = useWords();
  const unwell = replicas.filter(({ state }) => state !== 'ready');
  return (
    <>
      {t.ready(replicas.length - unwell.length, replicas.length)}
      {unwell.map(({ address, state }) => (
        <div key={address} className={styles.bad}>
          {address}: {t.replicaStates[state]}
        </div>
      ))}
    </>
  );
}

export function Queues() {
  const t = useWords();
  const { data, error } = useHealth();
  if (error && !data) return <ErrorNotice error={error} />;
  if (!data) return <Rows count={2} />;
  if (!data.queues) return <p className={styles.bad}>{t.queuesUnknown}</p>;
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={t.queues}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t.queue}</th>
            {columns.map((column) => (
              <th key={column} scope="col" className={styles.number}>
                {t.jobs[column]}
              </th>
            ))}
            <th scope="col" className={styles.number}>
              {t.oldest}
            </th>
          </tr>
        </thead>
        <tbody>
          {data.queues.map((queue) => (
            <QueueRow key={queue.name} queue={queue} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const columns = ['waiting', 'prioritized', 'active', 'delayed', 'failed', 'workers'] as const;

function QueueRow({ queue }: { queue: QueueHealth }) {
  const language = useLanguage();
  const isUnwell = (column: (typeof columns)[number]) =>
    column === 'workers' ? queue.workers === 0 : column === 'failed' && queue.failed > 0;
  return (
    <tr>
      <th scope="row">{queue.name}</th>
      {columns.map((column) => (
        <td key={column} className={`${styles.number} ${isUnwell(column) ? styles.bad : ''}`}>
          {queue[column].toLocaleString(language)}
        </td>
      ))}
      <td className={styles.number}>{age(queue.oldestSeconds, language)}</td>
    </tr>
  );
}

/** In the largest unit that gives at least two. */
function age(seconds: number, language: string): string {
  if (seconds === 0) return '–';
  const [amount, unit] =
    seconds < 120 ? [seconds, 'second'] : seconds < 7200 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits: 0 }).format(amount);
}
