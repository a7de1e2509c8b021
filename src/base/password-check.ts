import { createHmac } from 'node:crypto'
import type { Env } from './env.ts'

/** `busy`: too many others are waiting for a verdict. */
export type PasswordVerdict = 'right' | 'wrong' | 'busy'

export interface Credentials {
  readonly user: string
  readonly password: string
}

/** What an unknown user's password is compared with, so that the time of an answer does not tell who exists. Nobody's password. */
const NOBODY = '$2b$10$rkVVyt6dLx7B9ea4stUjlOtEmR4G/O0qkUp8Jt/UM2MR/O2bVt4ue'
/** Source: exporter-toolkit web/cache.go. */
const VERDICTS_MAX = 100
/** Passwords that may wait at a time. A tenth of a second each, they are through before a client gives up. */
const WAITING_MAX = 100

/**
 * Compares passwords with bcrypt hashes, and remembers the last verdicts: a scrape every few seconds must not cost a tenth of a second each.
 * What is remembered is a keyed digest of user, hash and password, so that it is of no use outside this process.
 */
export class PasswordCheck {
  readonly #env: Env
  readonly #key: Uint8Array
  readonly #verdicts = new Map<string, boolean>()
  readonly #waiting = new Map<string, Promise<PasswordVerdict>>()

  constructor(env: Env) {
    this.#env = env
    this.#key = env.random.bytes(32)
  }

  /** The verdict, where it is remembered. */
  known(users: ReadonlyMap<string, string>, credentials: Credentials): PasswordVerdict | undefined {
    const verdict = this.#verdicts.get(this.#digest(users, credentials))
    return verdict === undefined ? undefined : verdict ? 'right' : 'wrong'
  }

  /** Rejects when the comparison itself fails. */
  async verify(users: ReadonlyMap<string, string>, credentials: Credentials): Promise<PasswordVerdict> {
    const digest = this.#digest(users, credentials)
    let waiting = this.#waiting.get(digest)
    if (waiting === undefined) {
      if (this.#waiting.size >= WAITING_MAX) return 'busy'
      waiting = this.#compare(digest, users.get(credentials.user), credentials.password).finally(() => this.#waiting.delete(digest))
      this.#waiting.set(digest, waiting)
    }
    return waiting
  }

  async #compare(digest: string, hash: string | undefined, password: string): Promise<PasswordVerdict> {
    const matches = await this.#env.passwords.matchesBcrypt(password, hash ?? NOBODY)
    const right = matches && hash !== undefined
    this.#makeRoom()
    this.#verdicts.set(digest, right)
    return right ? 'right' : 'wrong'
  }

  #makeRoom(): void {
    if (this.#verdicts.size < VERDICTS_MAX) return
    // By chance, so that wrong passwords cannot push out the right ones in an order of their choice.
    const digests = [...this.#verdicts.keys()]
    for (let left = VERDICTS_MAX / 10; left > 0; left--)
      this.#verdicts.delete(digests.splice(Math.floor(this.#env.random.next() * digests.length), 1)[0])
  }

  #digest(users: ReadonlyMap<string, string>, { user, password }: Credentials): string {
    const fields = [user, users.get(user) ?? '', password]
    return createHmac('sha256', this.#key).update(JSON.stringify(fields)).digest('base64')
  }
}
