// Requests for one page as fast as they are answered, over some connections that stay open.
import autocannon from 'autocannon';
import { run } from '@shop/tools/processes';

export interface Driven {
  requests: number;
  perSecond: number;
}

/** Resolves with what was answered with 2xx; rejects when anything else came. */
export type Drive = (url: string, connections: number, seconds: number) => Promise<Driven>;

export const withAutocannon: Drive = async (url, connections, duration) => {
  const { requests, non2xx, errors } = await autocannon({ url, connections, duration });
  // nginx ends a connection after a thousand requests; now and then the next one was on its way already.
  if (non2xx || errors > requests.total / 1000) throw new Error(`${url}: ${non2xx} wrong answers, ${errors} errors`);
  return { requests: requests.total, perSecond: requests.average };
};

/** Needs a tenth of the CPU that autocannon does, so that what nginx sends is not decided by who asks. */
export const withWrk: Drive = async (url, connections, seconds) => {
  const { code, output } = await run(['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, url]);
  // It counts as an error what is none: nginx ends a connection after a thousand requests, and it opens another.
  if (code !== 0 || /Non-2xx|connect [1-9]|timeout [1-9]/.test(output)) throw new Error(`${url}: ${output}`);
  const requests = Number(/(\d+) requests in/.exec(output)![1]);
  return { requests, perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)![1]) };
};

export async function bestDrive(): Promise<{ name: string; drive: Drive }> {
  const hasWrk = (await run(['wrk', '--version'])).output.startsWith('wrk');
  return hasWrk ? { name: 'wrk', drive: withWrk } : { name: 'autocannon', drive: withAutocannon };
}
