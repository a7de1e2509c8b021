import type { Env } from '../base/env.ts'
import { replaceFile } from '../base/files.ts'

const FILE = 'member-name'
/** Crockford's base 32, as ULIDs have it. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const NAME = /^[\x21-\x7e]{1,128}$/

/** The name of a member, kept in its directory: a restart is no new member. */
export async function memberName(env: Pick<Env, 'fs' | 'clock' | 'random' | 'log'>, directory: string): Promise<string> {
  const path = `${directory}/${FILE}`
  if ((await env.fs.stat(path)) !== null) {
    const kept = (await env.fs.readText(path)).trim()
    if (NAME.test(kept)) return kept
    env.log.warn('kept name of this cluster member is none, and replaced', { path })
  }
  const name = ulid(env)
  await env.fs.mkdir(directory)
  await replaceFile(env.fs, path, new TextEncoder().encode(`${name}\n`))
  return name
}

/** As upstream's names: time in ms, then chance. Source: github.com/ulid/spec. */
function ulid({ clock, random }: Pick<Env, 'clock' | 'random'>): string {
  let time = ''
  for (let rest = Math.floor(clock.now()), i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = DIGITS[rest % 32] + time
  return time + [...random.bytes(16)].map((byte) => DIGITS[byte % 32]).join('')
}
