// The real environment with a clock that runs faster: what waits for half a minute in production waits for some hundred milliseconds.
import type { Clock, Env, Http, HttpRequest } from '../../src/base/env.ts'
import { realEnv } from '../../src/base/env-real.ts'
import { virtualEnv } from '../../src/base/env-virtual.ts'

/** Network and disk are real and as slow as they are; logs go nowhere. */
export function fastEnv(speed: number): Env {
  const env = realEnv(virtualEnv().log)
  const { clock } = env
  const start = clock.now()
  const fast: Clock = {
    now: () => start + (clock.now() - start) * speed,
    monotonic: () => clock.monotonic() * speed,
    setTimer: (delayMs, callback) => clock.setTimer(delayMs / speed, callback),
    setTicker: (intervalMs, callback) => clock.setTicker(intervalMs / speed, callback),
  }
  const faster = (request: HttpRequest): HttpRequest =>
    request.timeoutMs === undefined ? request : { ...request, timeoutMs: request.timeoutMs / speed }
  const http: Http = {
    request: (request) => env.http.request(faster(request)),
    stream: (request) => env.http.stream(faster(request)),
    listen: (options, handler) => env.http.listen(options, handler),
  }
  return { ...env, clock: fast, http }
}
