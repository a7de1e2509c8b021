// A process of a simulation that can be killed: from then on it does nothing any more, and the world around it goes on.
import { Registry } from 'prom-client'
import type { Clock, Env, File, Timer } from '../../src/base/env.ts'
import type { VirtualEnv } from '../../src/base/env-virtual.ts'

export interface MortalEnv {
  readonly env: Env
  kill(): void
}

/** What has been asked of the disk when it is killed has happened; nothing is answered, and no timer fires. */
export function mortalEnv(world: VirtualEnv, parts: Partial<Env> = {}): MortalEnv {
  let isDead = false
  const never = <T>() => new Promise<T>(() => {})
  const whileAlive = <A extends readonly unknown[], T>(act: (...args: A) => Promise<T>) => {
    return (...args: A): Promise<T> => (isDead ? never<T>() : act(...args).then((value) => (isDead ? never<T>() : value)))
  }
  const file = (one: File): File => ({
    path: one.path,
    read: whileAlive((into, position) => one.read(into, position)),
    readAll: whileAlive((into, position) => one.readAll(into, position)),
    write: whileAlive((buffers, position) => one.write(buffers, position)),
    size: whileAlive(() => one.size()),
    truncate: whileAlive((sizeBytes) => one.truncate(sizeBytes)),
    sync: whileAlive(() => one.sync()),
    close: whileAlive(() => one.close()),
  })
  const fs = new Proxy(world.fs, {
    get(target, property) {
      const value = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      if (property === 'open') return whileAlive(async (path: string, mode: 'read') => file(await target.open(path, mode)))
      if (property === 'watch') return value.bind(target)
      return whileAlive(value.bind(target))
    },
  })
  const timer = (make: (callback: () => void) => Timer, callback: () => void): Timer =>
    make(() => {
      if (!isDead) callback()
    })
  const clock: Clock = {
    now: () => world.clock.now(),
    monotonic: () => world.clock.monotonic(),
    setTimer: (delayMs, callback) => timer((act) => world.clock.setTimer(delayMs, act), callback),
    setTicker: (intervalMs, callback) => timer((act) => world.clock.setTicker(intervalMs, act), callback),
  }
  const http = parts.http ?? world.http
  return {
    env: {
      ...world,
      metrics: new Registry(),
      ...parts,
      clock,
      fs,
      http: { request: whileAlive((r) => http.request(r)), stream: whileAlive((r) => http.stream(r)), listen: (o, h) => http.listen(o, h) },
    },
    kill() {
      isDead = true
    },
  }
}
