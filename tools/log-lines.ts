// Shows the warnings and errors of a service's JSON log on the terminal, in readable form.
interface LogLine {
  level: number;
  time?: string;
  msg?: string;
  err?: { message?: string; stack?: string };
  /** The failed operation, in one of these, and the reason. */
  procedure?: string;
  job?: string;
  url?: string;
  reason?: string;
}

const WARN = 40;
const names: Record<number, string> = { 40: 'warning', 50: 'error', 60: 'fatal' };

/** Shows the warnings and errors among these lines. */
export function showWarnings(lines: string[], label: string): void {
  for (const words of lines.map((line) => forPeople(line, label))) if (words) process.stderr.write(`${words}\n`);
}

/** A line of the log in readable form; undefined below the level of warnings. Lines that are not JSON are shown unchanged. */
export function forPeople(line: string, label: string): string | undefined {
  if (/^\{"level":[123]0,/.test(line) || line.trim() === '') return undefined; // fast path for most lines
  const {
    level,
    time = '',
    msg = '',
    err,
    procedure,
    job,
    url,
    reason,
  }: LogLine = parse(line) ?? {
    level: WARN,
    msg: line,
  };
  if (level < WARN) return undefined;
  const words = [procedure ?? job ?? url, err?.message ?? reason].filter(
    (each) => each && each !== msg && each !== 'slow',
  );
  const cause = words.map((each) => `: ${each}`).join('');
  return `${time.slice(11, 19)} ${names[level] ?? level} ${label}: ${msg}${cause}`.trimStart();
}

function parse(line: string): LogLine | undefined {
  try {
    const parsed = JSON.parse(line) as Partial<LogLine>;
    return typeof parsed.level === 'number' ? (parsed as LogLine) : undefined;
  } catch {
    return undefined;
  }
}
