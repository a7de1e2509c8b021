import { Registry } from 'prom-client'
import type { File } from '../base/env.ts'
import type { VirtualEnv } from '../base/env-virtual.ts'
import { VirtualClock } from '../base/virtual/clock.ts'

/** The same disk, found by another process. */
export function restarted(env: VirtualEnv): VirtualEnv {
  env.lines.length = 0
  return { ...env, clock: new VirtualClock(env.clock.now()), metrics: new Registry() }
}

/** A disk on which a process ends: from the call with this number on nothing happens any more, and nothing is answered. */
export function endingAt(env: VirtualEnv, last: number): { env: VirtualEnv; calls: () => number; names: string[] } {
  let calls = 0
  const names: string[] = []
  const counted = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    calls++
    names.push(name)
    if (calls > last) return new Promise<T>(() => {})
    return run()
  }
  const fs = env.fs
  const file = (one: File): File => ({
    ...one,
    write: (buffers, position) => counted(`write ${one.path}`, () => one.write(buffers, position)),
    truncate: (sizeBytes) => counted('truncate', () => one.truncate(sizeBytes)),
    sync: () => counted(`sync ${one.path}`, () => one.sync()),
  })
  const ending = new Proxy(fs, {
    get(target, property) {
      if (property === 'open')
        return (path: string, mode: 'read' | 'create' | 'write') => counted(`open ${path}`, async () => file(await target.open(path, mode)))
      if (property === 'writeFile') return (path: string, body: string) => counted('writeFile', () => target.writeFile(path, body))
      if (property === 'rename') return (from: string, to: string) => counted(`rename ${to}`, () => target.rename(from, to))
      if (property === 'remove') return (path: string) => counted(`remove ${path}`, () => target.remove(path))
      if (property === 'mkdir') return (path: string) => counted('mkdir', () => target.mkdir(path))
      if (property === 'syncDir') return (path: string) => counted(`syncDir ${path}`, () => target.syncDir(path))
      const value = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { env: { ...env, fs: ending }, calls: () => calls, names }
}
