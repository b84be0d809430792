// API responses embedded in the page.
import { PAGE_DATA_ID } from '@shop/contracts/pages';

let answers: Record<string, unknown> | undefined;

/** The embedded response for an API path, if any; a page is as fresh as a response would be. */
export function broughtByPage<T>(path: string): T | undefined {
  answers ??= read();
  return answers[path] as T | undefined;
}

function read(): Record<string, unknown> {
  try {
    return JSON.parse(document.getElementById(PAGE_DATA_ID)?.textContent ?? '{}') as Record<string, unknown>;
  } catch {
    return {};
  }
}
