import type { Random } from '../../src/base/env.ts'

const NAMES = [
  'http_requests_total',
  'http_request_duration_seconds_bucket',
  'queue_depth',
  'process_cpu_seconds_total',
  'db_rows_read_total',
]
const VALUE_DIGITS = 9
const LIFE_DIGITS = 6

/** A target whose series each live for a while; then another one, with another pod, takes the place. */
export class ChurningPage {
  readonly #lifeMs: number
  readonly #head: Buffer
  readonly #body: Buffer
  /** By line: where its pod's number and its value stand, how far into its life it is at time 0, and what it counts a second. */
  readonly #podAt: number[] = []
  readonly #valueAt: number[] = []
  readonly #ageMs: number[] = []
  readonly #rate: number[] = []

  constructor(lineCount: number, lifeMs: number, random: Random) {
    this.#lifeMs = lifeMs
    let text = ''
    for (let i = 0; i < lineCount; i++) {
      text += `${NAMES[i % NAMES.length]}{code="${200 + (i % 7)}",handler="/api/v1/resource-${i}",pod="web-${i}-`
      this.#podAt.push(text.length)
      text += `${'0'.repeat(LIFE_DIGITS)}",zone="eu-west-1"} `
      this.#valueAt.push(text.length)
      text += `${'0'.repeat(VALUE_DIGITS)}\n`
      this.#ageMs.push(random.next() * lifeMs)
      this.#rate.push(i % 8 === 0 ? 0 : random.next() * 50)
    }
    this.#body = Buffer.from(text)
    this.#head = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: ${text.length}\r\n\r\n`)
  }

  /** As it is `ms` after the beginning. */
  response(ms: number): Buffer {
    for (let i = 0; i < this.#podAt.length; i++) {
      const age = this.#ageMs[i] + ms
      const life = Math.floor(age / this.#lifeMs)
      writeDigits(this.#body, this.#podAt[i], life, LIFE_DIGITS)
      writeDigits(this.#body, this.#valueAt[i], 1_000_000 + Math.floor(((age % this.#lifeMs) / 1000) * this.#rate[i]), VALUE_DIGITS)
    }
    return Buffer.concat([this.#head, this.#body])
  }
}

function writeDigits(into: Buffer, at: number, number: number, digits: number): void {
  for (let i = digits - 1; i >= 0; i--) {
    into[at + i] = 48 + (number % 10)
    number = Math.floor(number / 10)
  }
}
