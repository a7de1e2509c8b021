/** What a view writes to; a terminal has a size. */
export interface Terminal {
  out(line: string): void
  write(text: string): void
  terminal(): { readonly columns: number; readonly rows: number } | null
  readonly variables: Readonly<Record<string, string | undefined>>
}

const COLOUR = /\x1b\[\d*m/g

/** Lines that are drawn again in place, below what was printed before. */
export class Screen {
  readonly #terminal: Terminal
  #drawn = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Lines longer than the terminal are cut: a wrapped one would take two, and drawing would go astray. */
  draw(lines: readonly string[]): void {
    const size = this.#terminal.terminal() ?? { columns: 80, rows: 24 }
    const shown = lines.slice(0, Math.max(1, size.rows - 1)).map((line) => cut(line, size.columns))
    this.#terminal.write(`${this.#drawn > 0 ? `\x1b[${this.#drawn}A` : ''}\x1b[0J${shown.join('\n')}\n`)
    this.#drawn = shown.length
  }
}

/** The first `columns` characters; colours take no room, and a line with colours is cut without them. */
function cut(line: string, columns: number): string {
  const plain = line.replace(COLOUR, '')
  return plain.length <= columns ? line : plain.slice(0, columns)
}

/** Whether this terminal can draw in place at all. */
export function canRedraw({ terminal, variables }: Terminal): boolean {
  return terminal() !== null && variables.TERM !== 'dumb'
}

/** Source: no-color.org. */
export function wantsColour({ variables }: Terminal): boolean {
  return (variables.NO_COLOR ?? '') === ''
}
