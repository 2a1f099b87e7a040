// How things look here: the width of the terminal, and whether it shows colours. Where there is no
// terminal nothing is coloured and nothing is cut: what comes out is for another program.

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export interface Look {
  /** Undefined: no terminal. */
  readonly columns: number | undefined;
  readonly paint: (style: Style, text: string) => string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const CODES: { readonly [S in Style]: readonly [number, number] } = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

const COLUMNS_MIN = 40;

interface Stream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** @param environment knows NO_COLOR, and a terminal that is `dumb` */
export function lookOf(
  { isTTY = false, columns = 80 }: Stream,
  environment: Readonly<Record<string, string | undefined>>,
  now: number,
): Look {
  const isColoured = isTTY && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  return {
    columns: isTTY ? Math.max(columns, COLUMNS_MIN) : undefined,
    paint: (style, text) => {
      if (!isColoured || text === '') return text;
      const [on, off] = CODES[style];
      return `\u001b[${on}m${text}\u001b[${off}m`;
    },
    now,
  };
}
