import { type Service, untilAborted } from './service.ts'

/**
 * A service in two places of those that run as one: it begins at the first, and those between need not wait for it; at the second it is usable, and
 * there it ends, before they do.
 */
export function inTwoPlaces(service: Service): readonly [begin: Service, end: Service] {
  const stop = new AbortController()
  const usable = Promise.withResolvers<void>()
  let running = Promise.resolve()
  /** Rejects when it fails before it was told to end. */
  let failing = new Promise<never>(() => {})
  const run = async (signal: AbortSignal) => {
    await Promise.race([untilAborted(signal), failing])
    stop.abort(signal.reason)
    await running
  }
  return [
    {
      name: `${service.name}, its beginning`,
      async run(signal, ready) {
        running = service.run(stop.signal, usable.resolve)
        failing = running.then(() => {
          if (!stop.signal.aborted) throw new Error('ended before it was told to')
          return new Promise<never>(() => {})
        })
        failing.catch(() => {
          // The second place may not be reached.
        })
        ready()
        await run(signal)
      },
    },
    {
      name: service.name,
      async run(signal, ready) {
        void usable.promise.then(ready)
        await run(signal)
      },
    },
  ]
}

/** A service that is begun when `before` has resolved; not at all when it is told to end before that. */
export function startingAfter(before: Promise<void>, service: Service): Service {
  return {
    name: service.name,
    async run(signal, ready) {
      await Promise.race([before, untilAborted(signal)])
      if (!signal.aborted) await service.run(signal, ready)
    },
  }
}
