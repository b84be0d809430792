// Requests one page as fast as possible over some keep-alive connections.
import autocannon from 'autocannon';
import { run } from '@shop/tools/processes';

export interface Driven {
  requests: number;
  perSecond: number;
}

/** Resolves to the throughput; rejects when a response was not 2xx. */
export type Drive = (url: string, connections: number, seconds: number) => Promise<Driven>;

export const withAutocannon: Drive = async (url, connections, duration) => {
  const { requests, non2xx, errors } = await autocannon({ url, connections, duration });
  // nginx closes a connection after a thousand requests, when the next request may already be on its way.
  if (non2xx || errors > requests.total / 1000) throw new Error(`${url}: ${non2xx} wrong responses, ${errors} errors`);
  return { requests: requests.total, perSecond: requests.average };
};

/** wrk needs a tenth of autocannon's CPU, so that the client does not limit nginx. */
export const withWrk: Drive = async (url, connections, seconds) => {
  const { code, output } = await run(['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, url]);
  // wrk counts reconnections as errors: nginx closes a connection after a thousand requests.
  if (code !== 0 || /Non-2xx|connect [1-9]|timeout [1-9]/.test(output)) throw new Error(`${url}: ${output}`);
  const requests = Number(/(\d+) requests in/.exec(output)![1]);
  return { requests, perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)![1]) };
};

export async function bestDrive(): Promise<{ name: string; drive: Drive }> {
  const hasWrk = (await run(['wrk', '--version'])).output.startsWith('wrk');
  return hasWrk ? { name: 'wrk', drive: withWrk } : { name: 'autocannon', drive: withAutocannon };
}
