// Audits pages with Lighthouse: a mid-range phone on a slow network, with an empty cache.
import { chromium } from '@playwright/test';
import lighthouse from 'lighthouse';
import { chromiumArgs } from '@shop/tools/chromium-program';
import { freePort } from '@shop/tools/ports';

export const categories = ['performance', 'accessibility', 'best-practices', 'seo'] as const;

export interface PageAudit {
  /** Out of 100. */
  scores: Record<(typeof categories)[number], number>;
  /** Largest contentful paint. */
  largestPaintMs: number;
  /** Total blocking time. */
  blockedMs: number;
  /** CLS; below 0.1 is good. */
  layoutShift: number;
  /** Transferred, compressed. */
  bytes: { script: number; stylesheet: number; all: number };
  /** Audits that cost points. */
  findings: string[];
}

export interface Auditor {
  /** `Chromium 150.0…` */
  browser: string;
  audit(url: string): Promise<PageAudit>;
  close(): Promise<void>;
}

/** Audits one page at a time in a browser of its own. */
export async function openAuditor(executablePath: string): Promise<Auditor> {
  const port = await freePort();
  const browser = await chromium.launch({ executablePath, args: [...chromiumArgs, `--remote-debugging-port=${port}`] });
  return {
    browser: `Chromium ${browser.version()}`,
    audit: async (url) => {
      const run = () => lighthouse(url, { port, onlyCategories: [...categories], logLevel: 'error' });
      let found = await run();
      // Chromium's trace occasionally lacks its beginning; Lighthouse itself recommends another run.
      if (found?.lhr.runtimeError?.code === 'NO_NAVSTART') found = await run();
      if (!found || found.lhr.runtimeError) throw new Error(found?.lhr.runtimeError?.message ?? `No audit of ${url}`);
      return readResult(found.lhr);
    },
    close: () => browser.close(),
  };
}

interface Request {
  resourceType?: string;
  transferSize: number;
}

type Result = NonNullable<Awaited<ReturnType<typeof lighthouse>>>['lhr'];

function readResult({ categories: found, audits }: Result): PageAudit {
  const score = (name: string) => Math.round((found[name]?.score ?? 0) * 100);
  const number = (name: string) => audits[name]?.numericValue ?? NaN;
  const { items } = audits['network-requests']!.details as unknown as { items: Request[] };
  const bytes = (type?: string) =>
    items
      .filter(({ resourceType }) => !type || resourceType === type)
      .reduce((sum, item) => sum + item.transferSize, 0);
  return {
    scores: {
      performance: score('performance'),
      accessibility: score('accessibility'),
      'best-practices': score('best-practices'),
      seo: score('seo'),
    },
    largestPaintMs: number('largest-contentful-paint'),
    blockedMs: number('total-blocking-time'),
    layoutShift: number('cumulative-layout-shift'),
    bytes: { script: bytes('Script'), stylesheet: bytes('Stylesheet'), all: bytes() },
    findings: Object.values(found).flatMap(({ id, auditRefs }) =>
      auditRefs
        .filter(({ weight, id }) => weight > 0 && (audits[id]!.score ?? 1) < 0.9)
        .map((ref) => `${id}: ${audits[ref.id]!.title} (${audits[ref.id]!.displayValue ?? audits[ref.id]!.score})`),
    ),
  };
}
