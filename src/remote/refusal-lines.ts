/** An answer's text has about this many characters. */
const LENGTH_MAX = 64 * 1024

/** Why parts of a request were refused, a line each, as upstream joins them; those beyond a size are only counted. */
export class RefusalLines {
  readonly #lines: string[] = []
  #length = 0
  #left = 0

  /** `line` is made only when there is room for it. */
  add(line: () => string): void {
    if (this.#length >= LENGTH_MAX) {
      this.#left++
      return
    }
    const text = line()
    this.#lines.push(text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text)
    this.#length += text.length
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0
  }

  get first(): string | undefined {
    return this.#lines[0]
  }

  text(): string {
    return this.#left === 0 ? this.#lines.join('\n') : `${this.#lines.join('\n')}\n… and ${this.#left} more`
  }
}
