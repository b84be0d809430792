// The terminal stays quiet: of a service's JSON log only warnings and errors are shown, in a form for people.
interface LogLine {
  level: number;
  time?: string;
  msg?: string;
  err?: { message?: string; stack?: string };
  /** What failed, by one of these, and why. */
  procedure?: string;
  job?: string;
  url?: string;
  reason?: string;
}

const WARN = 40;
const names: Record<number, string> = { 40: 'warning', 50: 'error', 60: 'fatal' };

/** Shows what is worrying among these lines of a log. */
export function showWarnings(lines: string[], label: string): void {
  for (const words of lines.map((line) => forPeople(line, label))) if (words) process.stderr.write(`${words}\n`);
}

/** A line of the log for the terminal, or undefined when it is nothing to worry about. Whatever is not a log line is shown as it is. */
export function forPeople(line: string, label: string): string | undefined {
  if (/^\{"level":[123]0,/.test(line) || line.trim() === '') return undefined; // most lines, without parsing them
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
