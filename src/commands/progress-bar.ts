import type { CommandIo } from './command.ts'

const WIDTH = 30

/** How far a long piece of work is, in one line of a terminal; nothing is shown elsewhere. */
export class ProgressBar {
  readonly #io: CommandIo
  readonly #what: string
  #shown = ''

  constructor(io: CommandIo, what: string) {
    this.#io = io
    this.#what = what
  }

  /** Cheap when nothing changes that can be seen. */
  show(done: number, total: number): void {
    const percent = total <= 0 ? 0 : Math.floor((100 * Math.min(done, total)) / total)
    const filled = Math.floor((WIDTH * percent) / 100)
    const line = `${this.#what} [${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${percent} %`
    if (line === this.#shown) return
    this.#shown = line
    this.#io.progress(line)
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown !== '') this.#io.progress('')
    this.#shown = ''
  }
}
