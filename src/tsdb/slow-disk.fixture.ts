import { type File, sleep } from '../base/env.ts'
import type { VirtualEnv } from '../base/env-virtual.ts'

/** A disk that takes its time, by the virtual clock, for what is written to paths with `part` in them. */
export function slowFor(env: VirtualEnv, part: string, delayMs: () => number): VirtualEnv {
  const { fs, clock } = env
  const slow = new Proxy(fs, {
    get(target, property) {
      if (property === 'open') {
        return async (path: string, mode: 'read' | 'create' | 'write'): Promise<File> => {
          const file = await target.open(path, mode)
          if (!path.includes(part)) return file
          return {
            ...file,
            async write(buffers, position) {
              await file.write(buffers, position)
              await sleep(clock, delayMs())
            },
          }
        }
      }
      const value = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { ...env, fs: slow }
}
