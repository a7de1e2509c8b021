import { errorMessage } from './errors.ts'
import type { Log } from './log.ts'

/**
 * A part of a role with a lifetime. `run` opens what it needs, calls `ready` once when it is usable, works until
 * `signal` aborts, closes what it opened and returns. Returning before the abort, or throwing, ends the whole role.
 */
export interface Service {
  readonly name: string
  run(signal: AbortSignal, ready: () => void): Promise<void>
}

/**
 * Runs services as one: starts them in order, each when the one before is ready, and stops them in reverse order,
 * each when the one after has ended. Resolves when all have ended after `signal` aborted.
 * Rejects with the first failure, after everything else has been stopped in order.
 */
export async function runServices(services: readonly Service[], signal: AbortSignal, log: Log): Promise<void> {
  const started: { service: Service; controller: AbortController; done: Promise<void> }[] = []
  let failure: unknown
  let fail: () => void = () => {}
  const failed = new Promise<void>((resolve) => {
    fail = resolve
  })
  const aborted = untilAborted(signal)

  for (const service of services) {
    if (signal.aborted || failure !== undefined) break
    const controller = new AbortController()
    const done = { promise: Promise.resolve() }
    const ready = new Promise<void>((resolve) => {
      done.promise = service.run(controller.signal, resolve).then(
        () => {
          if (!controller.signal.aborted) failure ??= new Error(`${service.name} ended before it was told to`)
          fail()
        },
        (error: unknown) => {
          failure ??= new Error(`${service.name}: ${errorMessage(error)}`, { cause: error })
          fail()
        },
      )
    })
    started.push({ service, controller, done: done.promise })
    await Promise.race([ready, failed, aborted])
  }

  await Promise.race([aborted, failed])
  for (const { service, controller, done } of started.reverse()) {
    controller.abort(signal.reason)
    await done
    log.debug('service stopped', { service: service.name })
  }
  if (failure !== undefined) throw failure
}

/** Resolves when `signal` aborts, at once when it has. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
