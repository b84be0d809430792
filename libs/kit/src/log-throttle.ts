// Keeps an outage from flooding the log: of many lines of the same kind a few are written, the others are counted.

export interface ThrottleOptions {
  /** Lines of one kind in each interval. 1 gives one line when it begins, and one with a count for each interval it lasts. */
  burst?: number;
  everyMs?: number;
}

interface Kind {
  /** Lines that may still be written in this interval. */
  left: number;
  /** Lines left out in this interval. */
  repeated: number;
  latest: object;
  summarise: () => void;
  timer: NodeJS.Timeout;
}

export class LogThrottle {
  private readonly kinds = new Map<string, Kind>();

  constructor(private readonly write: (fields: object, message: string) => void) {}

  add(kind: string, fields: object, message: string, { burst = 10, everyMs = 10_000 }: ThrottleOptions = {}): void {
    const known = this.kinds.get(kind);
    if (!known) {
      this.kinds.set(kind, this.begin(kind, message, { burst, everyMs }));
      this.write(fields, message);
    } else if (known.left > 0) {
      known.left -= 1;
      this.write(fields, message);
    } else {
      known.repeated += 1;
      known.latest = fields;
    }
  }

  /** Writes now what was counted so far. */
  flush(): void {
    for (const { summarise } of this.kinds.values()) summarise();
  }

  private begin(kind: string, message: string, { burst, everyMs }: Required<ThrottleOptions>): Kind {
    const state: Kind = {
      left: burst - 1,
      repeated: 0,
      latest: {},
      summarise: () => {
        if (state.repeated > 0) this.write({ ...state.latest, repeated: state.repeated }, message);
        state.repeated = 0;
      },
      timer: setInterval(() => {
        const isOver = state.repeated === 0 && state.left === burst - 1;
        state.summarise();
        // The summary is one of the lines of its interval.
        state.left = burst - 1;
        if (!isOver) return;
        clearInterval(state.timer);
        this.kinds.delete(kind);
      }, everyMs).unref(),
    };
    return state;
  }
}
