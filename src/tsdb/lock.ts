import type { Env } from '../base/env.ts'
import { CodedError, wrapError } from '../base/errors.ts'

// 1. The lock is a file that names its owner: pid, and the time the kernel says the process started. A pid alone may be
//    another process by now.
// 2. A lock whose owner does not live is stale. It is taken away by renaming, which one of several takers wins.
// 3. Upstream locks a file of its own with flock(2). We take that lock as well, after our own: so Prometheus does not start on a directory
//    that we have. Where that cannot be done, the kernel's list of locks tells at least whether Prometheus has it.
// 4. Prometheus can be told to do without its lock, and Debian builds it so that it does by default: then its open log tells.
// Source of 3 and 4: Prometheus tsdb/tsdbutil/dir_locker.go, --storage.tsdb.no-lockfile; proc(5), /proc/locks.

export const LOCK_NAME = 'promontory.lock'
const UPSTREAM_LOCK_NAME = 'lock'
const ATTEMPTS = 5

interface Owner {
  readonly pid: number
  /** Clock ticks since boot, as text; empty where the kernel does not say. */
  readonly startTime: string
  /** Different for each lock that was ever taken. */
  readonly token: string
}

export interface DirLock {
  release(): Promise<void>
}

/** Makes this process the only one that uses `dir`, which must exist. Throws a `conflict` CodedError that names the other one. */
export async function lockDir(env: Pick<Env, 'fs' | 'random' | 'log'>, dir: string): Promise<DirLock> {
  const own = await takeOwn(env, dir)
  try {
    const upstream = await takeUpstreams(env, dir)
    return {
      async release() {
        await upstream.release()
        await own.release()
      },
    }
  } catch (error) {
    await own.release()
    throw error
  }
}

async function takeOwn(env: Pick<Env, 'fs' | 'random' | 'log'>, dir: string): Promise<DirLock> {
  const { fs, log } = env
  const path = `${dir}/${LOCK_NAME}`
  const own: Owner = await ownIdentity(env)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await create(env, path, own)) {
      return {
        async release() {
          if ((await read(env, path))?.token === own.token) await fs.remove(path)
        },
      }
    }
    const other = await read(env, path)
    if (other === undefined) continue
    if (await lives(env, other)) throw new CodedError('conflict', `data directory ${dir} is in use by process ${other.pid}`)
    const aside = `${path}.stale-${own.token}`
    try {
      await fs.rename(path, aside)
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') continue
      throw error
    }
    // Between reading and renaming another taker may have put its own lock there: it gets it back.
    const taken = await read(env, aside)
    if (taken !== undefined && taken.token !== other.token && (await lives(env, taken))) {
      await fs.rename(aside, path)
      throw new CodedError('conflict', `data directory ${dir} is in use by process ${taken.pid}`)
    }
    await fs.remove(aside)
    log.info('stale lock of data directory taken over', { dir, pid: other.pid })
  }
  throw new CodedError('conflict', `data directory ${dir}: the lock changed hands ${ATTEMPTS} times, want it once`)
}

async function create({ fs }: Pick<Env, 'fs'>, path: string, own: Owner): Promise<boolean> {
  let file: Awaited<ReturnType<Env['fs']['open']>>
  try {
    file = await fs.open(path, 'create')
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') return false
    throw wrapError(`lock data directory: make ${path}`, error)
  }
  try {
    await file.write([new TextEncoder().encode(`${JSON.stringify(own)}\n`)], 0)
    await file.sync()
  } catch (error) {
    // Half of a lock names nobody, and what was written of it may be all there is room for.
    await fs.remove(path).catch(() => {})
    throw wrapError(`lock data directory: write ${path}`, error)
  } finally {
    await file.close()
  }
  return true
}

/** The owner a lock file names; pid 0 when it names none, undefined when there is no file. */
async function read({ fs }: Pick<Env, 'fs'>, path: string): Promise<Owner | undefined> {
  let text: string
  try {
    text = await fs.readText(path)
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { pid, startTime, token } = JSON.parse(text) as Partial<Owner>
    return { pid: Number(pid) || 0, startTime: String(startTime ?? ''), token: String(token ?? '') }
  } catch {
    // A crash between making and filling the file leaves it empty.
    return { pid: 0, startTime: '', token: text }
  }
}

async function ownIdentity(env: Pick<Env, 'fs' | 'random'>): Promise<Owner> {
  const token = Array.from(env.random.bytes(8), (byte) => byte.toString(16).padStart(2, '0')).join('')
  let pid = 0
  try {
    pid = Number(await env.fs.readLink('/proc/self'))
  } catch {
    // No /proc: the lock is then good against crashes, not against a second process.
  }
  return { pid, startTime: (await startTimeOf(env, pid)) ?? '', token }
}

async function lives(env: Pick<Env, 'fs'>, owner: Owner): Promise<boolean> {
  if (owner.pid === 0) return false
  const startTime = await startTimeOf(env, owner.pid)
  return startTime !== undefined && startTime === owner.startTime
}

/** Field 22 of /proc/PID/stat; undefined when there is no such process. Source: proc_pid_stat(5). */
async function startTimeOf({ fs }: Pick<Env, 'fs'>, pid: number): Promise<string | undefined> {
  let text: string
  try {
    text = await fs.readText(`/proc/${pid}/stat`)
  } catch {
    return undefined
  }
  // The name of the program, in brackets, may hold blanks and brackets of its own.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, startTime] = [fields[0], fields[19]]
  return state === 'Z' || state === 'X' ? undefined : startTime
}

/** Takes the lock that Prometheus takes. */
async function takeUpstreams({ fs, log }: Pick<Env, 'fs' | 'log'>, dir: string): Promise<DirLock> {
  const writer = await logWriter(fs, dir)
  if (writer !== undefined)
    throw new CodedError('conflict', `data directory ${dir} is in use by process ${writer}, a Prometheus that has its log open`)
  const path = `${dir}/${UPSTREAM_LOCK_NAME}`
  const lock = await fs.lock(path)
  if (lock === 'taken') throw heldByUpstream(dir, await upstreamsHolder(fs, path))
  if (lock !== 'unsupported') {
    return {
      async release() {
        // As long as it is held, so that nobody's else is removed.
        await fs.remove(path)
        await lock.release()
      },
    }
  }
  const holder = await upstreamsHolder(fs, path)
  if (holder !== undefined) throw heldByUpstream(dir, holder)
  log.info('Prometheus is not kept from starting on the data directory, as there is no flock program', { dir })
  return { async release() {} }
}

function heldByUpstream(dir: string, pid: number | undefined): CodedError {
  const process = pid === undefined || pid <= 0 ? 'another process' : `process ${pid}`
  return new CodedError('conflict', `data directory ${dir} is in use by ${process}, which holds ${UPSTREAM_LOCK_NAME} as Prometheus does`)
}

/** The process that the kernel says has a file locked. */
async function upstreamsHolder(fs: Env['fs'], path: string): Promise<number | undefined> {
  const lock = await fs.stat(path)
  if (lock === null) return undefined
  let table: string
  try {
    table = await fs.readText('/proc/locks')
  } catch {
    return undefined
  }
  for (const line of table.split('\n')) {
    const match = /^\d+: \S+\s+\S+\s+\S+\s+(-?\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line)
    if (match !== null && Number(match[2]) === lock.inode) return Number(match[1])
  }
  return undefined
}

/** The Prometheus that has the log of a directory open. */
async function logWriter(fs: Env['fs'], dir: string): Promise<string | undefined> {
  if ((await fs.stat(`${dir}/wal`)) === null) return undefined
  const log = `${await fs.realPath(dir)}/wal/`
  for (const pid of await namesIn(fs, '/proc')) {
    if (!/^\d+$/.test(pid) || !(await commandOf(fs, pid)).includes('prometheus')) continue
    for (const descriptor of await namesIn(fs, `/proc/${pid}/fd`)) {
      try {
        if ((await fs.readLink(`/proc/${pid}/fd/${descriptor}`)).startsWith(log)) return pid
      } catch {
        // It was closed meanwhile.
      }
    }
  }
  return undefined
}

/** Nothing where there is no such directory, or we may not look. */
async function namesIn(fs: Env['fs'], path: string): Promise<readonly string[]> {
  try {
    return await fs.readDir(path)
  } catch {
    return []
  }
}

async function commandOf(fs: Env['fs'], pid: string): Promise<string> {
  try {
    return await fs.readText(`/proc/${pid}/comm`)
  } catch {
    return ''
  }
}
